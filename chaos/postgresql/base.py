"""PostgreSQL, with places to die around the commit of a pass."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base

from chaos.daggers import AFTER_COMMIT, BEFORE_COMMIT, DURING_COMMIT, die, strike, take

#: Seconds for which a commit goes on when somebody is to die in its middle.
LINGER = 0.4


class DatabaseWrapper(base.DatabaseWrapper):
    #: Whether the transaction has moved somebody, so that it matters whether it is committed.
    chaos_acts = False
    #: Whether it has stored an effect, whose trigger lets the commit linger.
    chaos_stores = False

    def _commit(self) -> Any:
        acts, stores = self.chaos_acts, self.chaos_stores
        self.chaos_acts = self.chaos_stores = False
        if acts:
            strike(BEFORE_COMMIT)
        if stores and (whom := take(DURING_COMMIT)):
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT set_config('chaos.linger', %s, true)", [str(LINGER)])
            die(DURING_COMMIT, whom, after=LINGER / 2)
        done = super()._commit()  # type: ignore[misc]
        if acts:
            strike(AFTER_COMMIT)
        return done

    def _rollback(self) -> Any:
        self.chaos_acts = self.chaos_stores = False
        return super()._rollback()  # type: ignore[misc]
