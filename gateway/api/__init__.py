"""The HTTP interface of a gateway: routes, who is asking, problems, inbox sessions, and the operators' listener."""
