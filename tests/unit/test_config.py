import pytest

from booking_lab.config import Settings
from booking_lab.errors import ConfigurationError

_REDLOCK = "BOOKING_LAB_REDLOCK_URLS"


def test_settings_survive_the_environment():
    settings = Settings(
        port=8123,
        think_time_ms=0,
        strategy_folders=("/a b", "/c"),
        redlock_urls=("redis://a", "redis://:p%20w@b:1/0", "unix:///a%20b/c.sock?db=0"),
    )

    assert Settings.from_environment(settings.to_environment()) == settings


def test_servers_for_redlock_are_separated_by_any_blanks():
    text = " redis://a:6379/0\n\tredis://b:6379/0   rediss://c/0\n"

    settings = Settings.from_environment({_REDLOCK: text})

    assert settings.redlock_urls == ("redis://a:6379/0", "redis://b:6379/0", "rediss://c/0")
    assert Settings.from_environment({_REDLOCK: " "}).redlock_urls == ()


def _redis_urls(count):
    return " ".join(f"redis://:s3cret@host-{number}" for number in range(count))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (_redis_urls(1), "holds 1 URL; Redlock takes an odd number of servers from 3"),
        (_redis_urls(2), "holds 2 URLs; Redlock takes an odd number of servers from 3"),
        (_redis_urls(4), "holds 4 URLs; Redlock takes an odd number of servers from 3"),
        (_redis_urls(3).replace(" ", ","), "holds 1 URL; .*, separated by blanks"),
        (_redis_urls(2) + " host:s3cret", "URL number 3 is not of the form redis://"),
        ("redis://h:s3cret, " + _redis_urls(2), "URL number 1 is not of the form .* by blanks"),
        ("redis://me:s3cret@h redis://i redis://h:6379/1", "server at h:6379 twice"),
        ("unix:///a.sock unix:///a.sock?db=1 unix:///b.sock", "server at /a.sock twice"),
    ],
)
def test_servers_that_are_not_for_redlock_are_named_without_their_passwords(text, complaint):
    with pytest.raises(ConfigurationError, match=f"^{_REDLOCK} .*{complaint}") as caught:
        Settings.from_environment({_REDLOCK: text})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("count", [3, 5, 7])
def test_any_odd_number_of_servers_from_three_is_for_redlock(count):
    assert len(Settings.from_environment({_REDLOCK: _redis_urls(count)}).redlock_urls) == count


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("BOOKING_LAB_PORT", "80_80", "BOOKING_LAB_PORT is '80_80'; it takes a whole number"),
        ("BOOKING_LAB_WORKERS", "\uff14", "BOOKING_LAB_WORKERS is '\uff14'; it takes a"),
        ("BOOKING_LAB_WORKERS", " 4", "BOOKING_LAB_WORKERS is ' 4'; it takes a whole number"),
        ("BOOKING_LAB_KEEPALIVE", "1_0", "BOOKING_LAB_KEEPALIVE is '1_0'; it takes a number"),
        ("BOOKING_LAB_PORT", "http", "BOOKING_LAB_PORT is 'http'; it takes a whole number"),
        ("BOOKING_LAB_PORT", "70000", "choose 1 to 65535"),
        ("BOOKING_LAB_THINK_TIME_MS", "-1", "choose 0 to 10000"),
        ("BOOKING_LAB_TRACE_SAMPLE", "2", "choose 0 to 1"),
        ("BOOKING_LAB_LOG_LEVEL", "loud", "is 'loud'; choose one of DEBUG, INFO, WARNING, ERROR"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "jaeger:4318", "read: it takes http://host:port.$"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://me:s3cret@jaeger:x", "read: it takes http://"),
        ("BOOKING_LAB_HOST", "0.0.0.0", "Refusing to listen on 0.0.0.0 without a token"),
    ],
)
def test_a_wrong_setting_is_named(variable, value, complaint):
    with pytest.raises(ConfigurationError, match=complaint) as refused:
        Settings.from_environment({variable: value})
    assert "s3cret" not in str(refused.value)


def test_beyond_loopback_with_a_token():
    environment = {"BOOKING_LAB_HOST": "0.0.0.0", "BOOKING_LAB_ADMIN_TOKEN": "secret"}

    assert not Settings.from_environment(environment).loopback
