from django.db import migrations, models


class Migration(migrations.Migration):
    # One table a migration: one that adds columns to several at once may meet arrivals half-way.
    dependencies = [("syncgroups", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="gone_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="gone from"),
        ),
        migrations.AddField(
            model_name="participant",
            name="page_hidden",
            field=models.BooleanField(
                db_default=False,
                default=False,
                editable=False,
                help_text="Whether the page has said that nobody sees it: another tab is in front, or the phone is locked.",
                verbose_name="page hidden",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="presence",
            field=models.CharField(
                choices=[("present", "Present"), ("quiet", "Quiet"), ("gone", "Gone")],
                db_default="present",
                default="present",
                editable=False,
                help_text="Whether requests of the participant's page come in.",
                max_length=10,
                verbose_name="presence",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="quiet_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="quiet from"),
        ),
    ]
