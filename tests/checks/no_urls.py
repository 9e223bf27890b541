"""The URLs of a site that has forgotten ours."""

urlpatterns: list[object] = []
