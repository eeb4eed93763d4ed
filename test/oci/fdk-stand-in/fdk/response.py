class Response:
    def __init__(self, ctx, response_data=None, headers=None, status_code=200, response_encoding="utf-8"):
        self.body = response_data if isinstance(response_data, bytes) else str(response_data or "").encode(response_encoding)
        self.headers = headers or {}
        self.status = status_code if status_code in (200, 502, 504) else 200
