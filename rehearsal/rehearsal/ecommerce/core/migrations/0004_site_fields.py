from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_defaults'),
    ]

    operations = [
        migrations.AddField(
            model_name='siteconfiguration',
            name='base_cookie_domain',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='enable_enrollment_codes',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='journals_api_url',
            field=models.URLField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='payment_support_email',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='payment_support_url',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='segment_key',
            field=models.CharField(blank=True, max_length=255, null=True),
        ),
        migrations.AddField(
            model_name='siteconfiguration',
            name='send_refund_notifications',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='siteconfiguration',
            name='discovery_api_url',
            field=models.URLField(blank=True, default='', verbose_name='Discovery API URL'),
        ),
    ]
