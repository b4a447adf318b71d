from booking_lab import Retry


def test_delays_have_full_jitter_under_a_doubling_bound():
    retry = Retry(attempts=10, base=0.01, cap=0.05)

    for failed, bound in [(1, 0.01), (2, 0.02), (3, 0.04), (4, 0.05), (2000, 0.05)]:
        delays = [retry.delay(failed) for _ in range(300)]
        assert 0 <= min(delays) < bound / 4
        assert bound * 3 / 4 < max(delays) <= bound
