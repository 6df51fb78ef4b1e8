"""Which claims each lesson answers for, by their ids: a copy of the design's table, kept for the tests."""

CLAIM_IDS = {
    "01_guess_before_profile": "S1.1 S1.2 S3.6 S3.7 S3.11 S3.12 S3.13 S3.74 S2.34",
    "02_stop_at_the_function": "S3.14",
    "03_profile_the_waiting": "S3.15 S3.16 S3.39 S4.17 S4.19 S4.20",
    "04_benchmark_that_lies": "S1.15 S2.4 S2.33 S2.34 S1.17 S2.5",
    "05_churn_in_the_loop": "S1.7 S1.8 S1.9 S1.18 S3.8 S3.9 S3.10",
    "06_leaky_handles": "S1.10 S1.11 S1.12 S1.19",
    "07_same_answer_again": "S1.13 S1.14 S1.20 S3.50 S3.56 S3.57",
    "08_python_loop_over_arrays": "S3.3 S3.4 S3.65 S3.66 S3.67 S3.77",
    "09_native_ladder": "S3.68 S3.69 S3.70 S3.71 S3.72 S3.73",
    "10_threads_for_cpu": "S3.1 S3.2 S3.5 S3.8",
    "11_sync_client_in_async": (
        "S1.3 S1.4 S1.5 S1.6 S1.16 S2.1 S2.2 S2.3 S2.18 S2.19 S2.20 S2.21 S2.22 S2.23 "
        "S2.25 S2.26 S3.32 S3.33 S3.35 S3.36 S3.37 S3.76 S4.1"
    ),
    "12_cpu_on_the_loop": "S2.6 S2.7 S2.8 S2.9 S2.10 S2.11 S2.12 S3.34 S4.6 S4.9 S4.10 S4.22",
    "13_hidden_blockers": "S2.24 S4.6 S4.7 S4.8 S4.18 S4.21",
    "14_one_await_at_a_time": "S2.13 S2.14 S2.15 S2.16 S3.38 S3.39 S4.11 S4.12",
    "15_all_or_nothing_gather": "S2.17 S2.27 S2.28",
    "16_wait_forever": "S2.29 S2.30 S2.31 S2.32",
    "17_ten_thousand_at_once": "S4.2 S4.3 S4.4 S4.5 S4.23",
    "18_session_per_request": "S2.20 S4.13 S4.14 S4.15 S4.16 S3.59 S3.78",
    "19_n_plus_one": "S3.17 S3.18 S3.19 S3.20 S3.75",
    "20_wrong_eager_loader": "S3.21 S3.22 S3.23 S3.24",
    "21_row_by_row": "S3.25 S3.26 S3.27 S3.28 S3.29",
    "22_connection_churn": "S3.30 S3.31 S3.78 S4.16",
    "23_cache_stampede": "S3.51 S3.52 S3.57 S3.58 S3.60 S3.61 S3.62",
    "24_cached_for_the_wrong_user": "S3.53 S3.54 S3.55 S3.63 S3.64",
    "25_wrong_workers": "S3.40 S3.41 S3.42 S3.43 S3.44 S3.45 S3.46",
    "26_recycle_the_leak": "S3.47 S3.48 S3.49 S3.79",
    "27_capstone_friday_sale": "S1.2 S2.35 S3.74 S4.23 S4.22",
}
"""By the lesson's stem, its ids in one text."""
