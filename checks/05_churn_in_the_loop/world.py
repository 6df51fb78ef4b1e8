"""What the lesson's checks and the exercise's share."""

FEW, MANY = 8, 120  # receipts, or messages; those of each sort are among the few
