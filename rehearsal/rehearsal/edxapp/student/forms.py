from django import forms
from django.contrib.auth.forms import AuthenticationForm, UserCreationForm, UsernameField
from django.contrib.auth.models import User
from django.db import transaction

from rehearsal.edxapp.student.models import UserProfile


class SignInForm(AuthenticationForm):
    username = UsernameField(
        label="Email or username", widget=forms.TextInput(attrs={"autofocus": True})
    )


class RegistrationForm(UserCreationForm):
    name = forms.CharField(label="Full name", max_length=255)
    email = forms.EmailField()

    class Meta:
        model = User
        fields = ("name", "email", "username")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError("There is an account with this address already.")
        return email

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        UserProfile.objects.create(user=user, name=self.cleaned_data["name"])
        return user
