import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_initial'),
        ('partner', '0001_initial'),
        ('sites', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='SiteConfiguration',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('site', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='sites.site')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='partner.partner')),
                ('lms_url_root', models.URLField(help_text="Root URL of this site's LMS.", verbose_name='LMS base url')),
                ('payment_processors', models.CharField(blank=True, default='', help_text='Names, separated by commas.', max_length=200)),
                ('client_side_payment_processor', models.CharField(blank=True, default='', max_length=200)),
                ('oauth_settings', models.JSONField(blank=True, default=dict, verbose_name='OAuth settings')),
                ('from_email', models.CharField(blank=True, default='', max_length=255)),
                ('discovery_api_url', models.URLField(verbose_name='Discovery API URL')),
                ('enable_microfrontend_for_basket_page', models.BooleanField(default=False)),
                ('payment_microfrontend_url', models.URLField(blank=True, null=True)),
            ],
        ),
    ]
