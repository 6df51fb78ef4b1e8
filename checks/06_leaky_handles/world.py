"""What the lesson's checks and the exercise's share."""

TIMES = 3
