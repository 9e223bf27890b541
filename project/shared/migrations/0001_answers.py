import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from syncgroups.conf import settings


class Migration(migrations.Migration):
    initial = True

    # By hand: a generated migration reads the setting where it may be absent.
    dependencies = [
        ("syncgroups", "0001_initial"),
        migrations.swappable_dependency(settings.PARTICIPANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=100, verbose_name="question")),
                ("value", models.JSONField(verbose_name="answer")),
                (
                    "creation_time",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name="answered at"
                    ),
                ),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to=settings.PARTICIPANT_MODEL,
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "answer",
                "verbose_name_plural": "answers",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("participant", "question"),
                        name="shared_one_answer_per_question",
                        violation_error_message="The participant has answered this question already.",
                    ),
                ],
            },
        ),
    ]
