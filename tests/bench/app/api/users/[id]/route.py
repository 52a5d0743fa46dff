def GET(request, id):
    return {"id": id, "name": "Alice"}
