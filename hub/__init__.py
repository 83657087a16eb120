"""The relay in the middle: takes logs in and witnesses them, passes trust on, shows the fleet; holds no secret.

`service` makes the web application of the parts: `ingest` judges and stores what appliances upload, `enrolment` lets
new ones in, `repository` hands on what the authority signed, `pages` show people the fleet, and `storage` keeps all of
it, in SQLite or PostgreSQL.
"""
