"""The race window of a database's labs."""

import psycopg2


def set_think_time(database_url: str, milliseconds: float) -> None:
    """Set it; a lab's setting of that name only counts when its database is made."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE lab SET think_time_ms = %s", (milliseconds,))
    connection.close()
