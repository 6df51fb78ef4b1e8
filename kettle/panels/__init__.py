"""What learners see and click in a notebook, each with a plain text for those who see no widgets."""
