import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_product'),
        ('voucher', '0002_voucherapplication'),
    ]

    operations = [
        migrations.CreateModel(
            name='CouponVouchers',
            fields=[
                ('id', models.AutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='coupon_vouchers', to='catalogue.product')),
                ('vouchers', models.ManyToManyField(blank=True, related_name='coupon_vouchers', to='voucher.voucher')),
            ],
        ),
    ]
