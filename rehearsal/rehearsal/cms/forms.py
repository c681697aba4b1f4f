from django import forms

from rehearsal.edxapp.course_overviews.models import CourseOverview

MOMENTS = ("start", "end", "enrollment_start", "enrollment_end")


class NewCourseForm(forms.ModelForm):
    class Meta:
        model = CourseOverview
        fields = ("display_name", "org", "number", "run")


class CourseForm(forms.ModelForm):
    class Meta:
        model = CourseOverview
        fields = (
            "display_name",
            "short_description",
            *MOMENTS,
            "self_paced",
            "invitation_only",
        )
        widgets = {
            name: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in MOMENTS
        } | {"short_description": forms.Textarea(attrs={"rows": 4})}
