import pytest

from booking_lab.config import Settings
from booking_lab.errors import ConfigurationError


def test_settings_survive_the_environment():
    settings = Settings(port=8123, think_time_ms=0, strategy_folders=("/a", "/b"))

    assert Settings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("BOOKING_LAB_PORT", "http", "BOOKING_LAB_PORT is 'http'; it takes a whole number"),
        ("BOOKING_LAB_PORT", "70000", "choose 1 to 65535"),
        ("BOOKING_LAB_THINK_TIME_MS", "-1", "choose 0 to 10000"),
        ("BOOKING_LAB_TRACE_SAMPLE", "2", "choose 0 to 1"),
        ("BOOKING_LAB_HOST", "0.0.0.0", "Refusing to listen on 0.0.0.0 without a token"),
    ],
)
def test_a_wrong_setting_is_named(variable, value, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        Settings.from_environment({variable: value})


def test_beyond_loopback_with_a_token():
    environment = {"BOOKING_LAB_HOST": "0.0.0.0", "BOOKING_LAB_ADMIN_TOKEN": "secret"}

    assert not Settings.from_environment(environment).loopback
