"""Help about qaio itself."""
ZH = """
# help_start 2
> 怎么启动{服务|qaio|}?
< 运行 ./dev serve 就可以启动服务,然后打开本机的 8080 端口。
"""
EN = """
# help_start 2
> how do I start {the server|qaio}?
< Run ./dev serve to start the server, then open port 8080 on your machine.
"""
