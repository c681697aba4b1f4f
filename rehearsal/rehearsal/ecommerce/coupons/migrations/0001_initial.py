import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('catalogue', '0002_product'),
    ]

    operations = [
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('product', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='coupon', to='catalogue.product')),
                ('client', models.CharField(blank=True, default='', max_length=255)),
                ('category', models.CharField(max_length=255)),
                ('note', models.CharField(blank=True, default='', max_length=255)),
                ('max_uses', models.PositiveIntegerField(blank=True, null=True)),
            ],
        ),
    ]
