from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("syncgroups", "0006_groups_paused")]

    operations = [
        migrations.AddField(
            model_name="participantlinkbarrier",
            name="message",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="What a researcher tells the participant on the waiting page.",
                verbose_name="message",
            ),
        ),
    ]
