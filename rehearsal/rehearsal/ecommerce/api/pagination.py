from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`{count, next, previous, results}`, twenty to a page; `page_size` asks for other pages."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
