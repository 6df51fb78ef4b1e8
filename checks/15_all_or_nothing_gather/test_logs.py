"""The probe of logs: what was logged in a block, with its traceback, and nothing of it printed."""

import logging

from kettle.lessons.logs import watch_logs


def test_warnings_of_any_logger_are_collected_in_their_order():
    with watch_logs() as logs:
        logging.getLogger("shop.page").warning("%s is missing", "rating")
        logging.getLogger("shop.page").info("not a warning")
        logging.getLogger("elsewhere").error("worse")
        logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert logs.texts == ("rating is missing", "worse")
    assert repr(logs) == "watch_logs(2 records)"


def test_a_record_has_its_traceback():
    with watch_logs() as logs:
        try:
            raise LookupError("no such tea")
        except LookupError:
            logging.getLogger("shop.page").exception("rating is missing")
    (text,) = logs.texts
    assert text.startswith("rating is missing\nTraceback")
    assert "LookupError: no such tea" in text


def test_a_lower_level_can_be_asked_for():
    page = logging.getLogger("shop.page.level")
    page.setLevel(logging.DEBUG)
    with watch_logs(logging.INFO) as logs:
        page.info("seen")
        page.debug("not seen")
    assert logs.texts == ("seen",)


def test_afterwards_handlers_are_as_before(capsys):
    root = logging.getLogger()
    before = list(root.handlers)
    with watch_logs() as logs:
        logging.getLogger("shop.page").warning("inside")
    assert root.handlers == before
    logging.getLogger("shop.page").warning("outside")
    assert logs.texts == ("inside",)
    assert "inside" not in capsys.readouterr().err
