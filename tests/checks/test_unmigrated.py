"""Before the first migration there is nothing to compare with, and the check says nothing."""

from __future__ import annotations

import pytest
from django.core import checks
from django.db import connection

from syncgroups import testing
from syncgroups.models import BarrierRecord


@pytest.mark.django_db
def test_the_check_of_a_database_without_tables_is_silent():
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {connection.ops.quote_name(BarrierRecord._meta.db_table)}")
    with testing.declared():
        messages = checks.run_checks(databases=["default"])
    assert [message.id for message in messages if str(message.id).startswith("syncgroups")] == []
