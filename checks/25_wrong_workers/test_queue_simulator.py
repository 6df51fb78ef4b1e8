"""The simulator plays by its rules; the knee is where they put it; the sliders draw it again."""

import re

import pytest

from kettle.lessons.knee import real_beside_simulated
from kettle.lessons.knee_sliders import knee_at, sliders
from kettle.lessons.queue_simulator import REQUESTS, Request, arriving, at_once, curve, knee_of, serve
from kettle.lessons.real_run import recorded
from kettle.pictures.svg import width


def test_one_request_takes_its_waiting_and_its_computing():
    served = serve([Request(2.0, 0.3, 0.2)], cores=4, workers=3)
    assert served.took == pytest.approx((0.5,))
    assert served.seconds == pytest.approx(2.5)


def test_half_a_core_computes_half_as_fast_and_waits_as_long():
    assert serve(at_once(1, 0.3, 0.2), cores=0.5, workers=1).took == pytest.approx((0.7,))


def test_workers_that_compute_share_the_cores_and_those_that_wait_do_not():
    assert serve(at_once(4, 0.0, 0.1), cores=2, workers=4).seconds == pytest.approx(0.2)
    assert serve(at_once(4, 0.1, 0.0), cores=2, workers=4).seconds == pytest.approx(0.1)
    assert serve(at_once(4, 0.1, 0.0), cores=2, workers=2).seconds == pytest.approx(0.2)


def test_threads_of_a_worker_wait_at_once_and_compute_one_at_a_time():
    assert serve(at_once(4, 0.1, 0.0), cores=4, workers=1, threads=4).seconds == pytest.approx(0.1)
    assert serve(at_once(4, 0.0, 0.1), cores=4, workers=1, threads=4).seconds == pytest.approx(0.4)
    assert serve(at_once(4, 0.0, 0.1), cores=4, workers=2, threads=2).seconds == pytest.approx(0.2)


def test_a_queue_is_first_come_first_served():
    requests = [Request(0.0, 1.0, 0.0), Request(0.1, 1.0, 0.0), Request(0.2, 1.0, 0.0)]
    assert serve(requests, cores=1, workers=1).took == pytest.approx((1.0, 1.9, 2.8))


def test_the_same_numbers_give_the_same_run_and_nothing_gets_lost():
    requests = arriving(50, 0.05, 0.05)
    assert requests == arriving(50, 0.05, 0.05)
    served = serve(requests, cores=2, workers=3, threads=2)
    assert served == serve(requests, cores=2, workers=3, threads=2)
    assert len(served.took) == REQUESTS
    least = [request.wait + request.compute for request in requests]
    assert all(took > short - 1e-9 for took, short in zip(served.took, least, strict=True))


@pytest.mark.parametrize("cores", [1, 2, 4, 8])
def test_the_knee_of_work_that_computes_is_at_the_cores(cores):
    rates = {n: each.rate for n, each in curve(cores, 0.0, 400).items()}
    assert knee_of(rates) == cores
    assert max(rates.values()) <= cores / 0.1 * 1.1


def test_the_knee_moves_right_with_waiting_and_left_with_fewer_requests():
    def knee(waiting, arrivals):
        return knee_of({n: each.rate for n, each in curve(4, waiting, arrivals).items()})

    assert knee(0.0, 400) < knee(0.5, 400) < knee(0.9, 400)
    assert knee(0.9, 30) < knee(0.9, 400)


def test_the_picture_says_that_no_server_runs_and_where_the_knee_is():
    told = knee_at(cores=4, workers=9, waiting=0, arrivals=400)
    assert "A simulator, no real server" in told.says
    assert told.point.endswith("The knee is at 4 workers.")
    assert "your workers, at the knee" in knee_at(cores=4, workers=4, waiting=0).html
    assert "There is no knee up to 40" in knee_at(cores=8, workers=9, waiting=90, arrivals=400).point


@pytest.mark.parametrize("wrong", [{"cores": 0}, {"workers": 0}, {"waiting": 100}, {"arrivals": 0}])
def test_what_cannot_be_played_is_refused_with_a_sentence(wrong):
    with pytest.raises(ValueError, match=f"`{next(iter(wrong))}` lies between"):
        knee_at(**wrong)


def test_each_slider_draws_the_picture_again():
    panel = sliders(cores=4, workers=9, waiting=50, arrivals=200)
    *turned, below = panel.children[1:]
    shown = {below.value}
    for slider, value in zip(turned, (2, 33, 0, 50), strict=True):
        assert slider.description
        slider.value = value
        shown.add(below.value)
    assert len(shown) == 5
    assert "33 workers" in below.value


def test_a_real_run_is_drawn_beside_the_simulator():
    picture = real_beside_simulated(recorded())
    assert "recorded on another machine" in picture.says
    assert picture.html.count("<circle") >= 8


def test_the_knee_is_where_the_lesson_says():
    knees = {waiting: knee_of(rates_of(waiting)) for waiting in (0, 50)}
    assert knees[0] == 4
    assert 8 < knees[50] <= 12


def rates_of(waiting):
    return {n: each.rate for n, each in curve(4, waiting / 100, 400).items()}


RULE = re.compile(r'<line x1="([\d.]+)" x2="[\d.]+" y1="([\d.]+)" y2="[\d.]+" class="kp-rule"/>')
NAME = re.compile(r'<text x="([\d.]+)" y="([\d.]+)"( class="kp-end")?>(your workers[^<]*|the knee)</text>')


@pytest.mark.parametrize("waiting", [0, 50, 80])
def test_no_line_of_the_picture_meets_a_name(waiting):
    for workers in range(1, 41):
        svg = knee_at(4, workers, waiting, 400).html
        names = NAME.findall(svg)
        assert names
        for x, y, to_the_left, name in names:
            left = float(x) - (width(name) if to_the_left else 0)
            met = [
                at
                for at, top in RULE.findall(svg)
                if left <= float(at) <= left + width(name) and float(top) < float(y)
            ]
            assert not met, f"{name}, {workers} workers"
