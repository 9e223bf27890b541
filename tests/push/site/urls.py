from django.urls import include, path

from syncgroups.views import BarrierView

urlpatterns = [
    path("sync/", include("syncgroups.urls")),
    path("wait/", BarrierView.as_view(barrier_id="meet", next_url="/next/")),
]
