"""The room: a view of the class for teachers who want it and learners who agree.

`python3 start.py room` serves it (`server.py` and what it imports). A learner joins with `lesson.join`
(`joining.py`); from then on `outbox.py` keeps on disk what is to be sent, and `sending.py` sends it.
"""
