"""What the lesson's checks and the exercise's share."""

PATIENCE = 2.5  # seconds; paid by wrong answers only


STUCK, TAKEN = 10.0, "what does a damaged photo keep that the next one needs?"
