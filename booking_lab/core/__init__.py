"""What a booking is made of. Nothing here knows Flask, OpenTelemetry, Prometheus or psycopg2."""
