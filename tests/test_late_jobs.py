"""Jobs that are done in another order than they were given: whoever relies on luck is found out."""

from concurrent.futures import ThreadPoolExecutor, as_completed

from kettle.checking.late_jobs import first_job_last

JOBS = list(range(8))


def test_as_they_are_done_the_first_is_not_the_first():
    with first_job_last(patience=60), ThreadPoolExecutor(2) as pool:
        done = [job.result() for job in as_completed([pool.submit(abs, n) for n in JOBS])]
    assert done[0] != 0
    assert sorted(done) == JOBS


def test_whoever_asks_in_order_waits_for_nothing():
    with first_job_last(patience=1_000), ThreadPoolExecutor(1) as pool:
        assert list(pool.map(abs, JOBS)) == JOBS


def test_whoever_closes_the_pool_first_waits_for_nothing():
    with first_job_last(patience=1_000):
        with ThreadPoolExecutor(1) as pool:
            jobs = [pool.submit(abs, n) for n in JOBS]
        assert [job.result() for job in jobs] == JOBS
