"""The course and the learner's work as files: lessons, notebooks, progress."""
