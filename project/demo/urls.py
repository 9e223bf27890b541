"""Addresses of the experiment. A participant's pages lie under the number that they have in this browser."""

from django.urls import include, path

from syncgroups.api.estimates import EstimateView
from syncgroups.api.participant import StandingView

from . import views

app_name = "demo"

of_player = [
    path("", views.PlayerView.as_view(), name="player"),
    path("standing/", StandingView.as_view(), name="standing"),
    path("standing/estimate/", EstimateView.as_view(), name="estimate"),
    path("partner/", views.PartnerView.as_view(), name="partner"),
    path("rounds/<int:visit>/", views.ChooseView.as_view(), name="choose"),
    path("rounds/<int:visit>/wait/", views.WaitView.as_view(), name="wait"),
    path("rounds/<int:visit>/result/", views.FeedbackView.as_view(), name="feedback"),
    path("closing/", views.ClosingView.as_view(), name="closing"),
    path("thanks/", views.ThanksView.as_view(), name="thanks"),
    path("end/", views.EndView.as_view(), name="end"),
    path("leave/", views.LeaveView.as_view(), name="leave"),
]

urlpatterns = [
    path("", views.StartView.as_view(), name="start"),
    path("players/<int:player>/", include(of_player)),
]
