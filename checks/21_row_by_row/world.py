"""What the lesson's checks and the exercise's share."""

FEW, MANY, FAR, LONG, BAD = 40, 400, 1200, 2000, 1500  # rows of lists; the place of the bad one


WHOLLY = (
    "whoever is stopped between two of them leaves a part behind. Where does the transaction begin and end?"
)
