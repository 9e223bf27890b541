"""Addresses of the experiment."""

from django.urls import path

from project.shared.urls import addresses
from project.shared.views import WaitView

from . import barriers, views

app_name = "demo"

urlpatterns = addresses(
    path("partner/", WaitView.as_view(barrier_id=barriers.GROUPER), name="partner"),
    path("rounds/<int:visit>/", views.ChooseView.as_view(), name="choose"),
    path("rounds/<int:visit>/wait/", WaitView.as_view(barrier_id=barriers.CHOICE_MADE), name="wait"),
    path("rounds/<int:visit>/result/", views.FeedbackView.as_view(), name="feedback"),
    path("closing/", WaitView.as_view(barrier_id=barriers.CLOSER), name="closing"),
    start=views.StartView.as_view(),
    thanks=views.ThanksView.as_view(),
)
