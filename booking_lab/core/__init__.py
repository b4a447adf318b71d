"""The core of the lab: bookings, attempts, and the interfaces of strategies and workloads.

It does not know Flask, OpenTelemetry, Prometheus or psycopg2.
"""
