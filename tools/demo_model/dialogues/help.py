"""Help about Qwen All-in-One (qaio) itself, as talk blocks in both languages."""

ZH = """
# help_what 2
> {请问|那|}{qaio|Qwen All-in-One|这个项目|这个程序|这个服务}是{什么|做什么的|干嘛的|什么东西}{呀|}?
> {介绍一下|讲讲}{qaio|Qwen All-in-One|这个项目|这个服务}{吧|}
< Qwen All-in-One 是一个 C++ 推理服务,同一个模型既能聊天,又能判断情感。

# help_start 3
> {请问|那|}{怎么|如何|怎样}{启动|运行|打开|开启|跑起来|使用}{qaio|服务|服务器|这个程序|这个项目|}{呢|}?
> {启动命令|运行命令|启动服务的命令}{是什么|是啥|}?
> {qaio|服务}{怎么启动|怎么用|怎么跑}{?|}
< 在项目目录运行 ./dev serve,服务就会启动在 8080 端口。
< 运行 ./dev serve 就可以了,它会先编译再启动服务。

# help_chat 3
> {请问|}{怎么|如何}{发请求|调用接口|用接口聊天|调用聊天接口|发送消息|用 curl 调用|和你对接}{呢|}?
> {聊天接口|接口地址|api|API|请求地址}{是什么|是哪个|怎么用|在哪里}{呢|}?
< 向 /chat 发送 POST 请求,正文是 JSON。
< 用 POST /chat 发送 JSON,就能得到回复和情感。

# help_breakdown 2.5
> {请问|}{breakdown|返回里的 breakdown|breakdown 字段|耗时明细}是{什么|什么意思|干什么的|做什么用的}{呢|}?
> {怎么看|如何看|怎么理解}{breakdown|耗时明细|每一步的时间|时间花在哪里}{呢|}?
< breakdown 是每个阶段的耗时明细,比如排队、预填充和解码。
< breakdown 告诉你一次请求的时间花在了哪些阶段。

# help_unattributed 2.5
> {请问|}{unattributed|返回里的 unattributed|unattributed 字段|unattributed 时间}是{什么|什么意思|干什么的|指什么}{呢|}?
> {为什么有|怎么会有}{unattributed|没有归类的时间}{呢|}?
< unattributed 是没有归到任何阶段的时间,比如线程之间的交接。

# help_prefill 1.5
> {请问|}{prefill|预填充}是{什么|什么意思|什么阶段}{呢|}?
< prefill 是模型一次读完整个提示词的阶段。

# help_decode 1.5
> {请问|}{decode|解码}是{什么|什么意思|什么阶段}{呢|}?
< decode 是模型一个词一个词生成回复的阶段。

# help_queue 1.5
> {请问|}{queue|排队时间|queue 时间}是{什么|什么意思|指什么}{呢|}?
< queue 是任务等待模型开始计算的时间。

# help_ttft 1.5
> {请问|}{ttft|TTFT|首字时间|首个 token 的时间}是{什么|什么意思|指什么}{呢|}?
< ttft 是从提交到第一个 token 出来的时间。

# help_tpot 1
> {请问|}{tpot|TPOT|每个 token 的时间}是{什么|什么意思|指什么}{呢|}?
< tpot 是第一个之后,平均每个 token 花的时间。

# help_task 3
> {请问|}{怎么|如何|怎样}{添加|增加|新增|自定义|配置|加}{任务|一个任务|新任务|自己的任务}{呢|}?
> {任务|新任务}{在哪里配置|怎么写|怎么定义|用什么文件配置}{呢|}?
< 在 TOML 文件里加一段 [[task]],写上 name 和 kind,再用 --config 指定文件。
< 写一个 TOML 文件,加入 [[task]] 和提示词,启动时用 --config 加载。

# help_kind 1.5
> {任务|task}{有哪几种|有哪些类型|的 kind 有哪些|的 kind 可以写什么}{呢|}?
< kind 可以是 generate 或 classify,前者生成文字,后者选出标签。

# help_network 2.5
> {请问|}{需要|要|用得着|必须}{联网|网络|上网|网|下载模型}吗?
> {没有网|断网|离线|没网的时候}{能用|可以用|能运行}吗?
< 不需要联网,模型就在程序里,离线也能用。

# help_model 3
> {请问|}{怎么|如何|怎样}{用|换|加载|使用|换成|指定}{自己的模型|别的模型|其他模型|大模型|更大的模型|我的模型}{呢|}?
> {能|可以}{换模型|用别的模型|换成大模型|加载我的模型}吗?
< 启动时加上 --model PATH,指向模型文件夹或 GGUF 文件。
< 可以,用 --model PATH 指定你的模型就行。

# help_port 2.5
> {请问|}{端口|默认端口|服务端口}是{多少|几|哪个}{呢|}?
> {怎么|如何|怎样}{改端口|换端口|修改端口|换一个端口}{呢|}?
> {端口被占用|8080 被占用}{了|}{怎么办|}{?|}
< 默认端口是 8080,可以用 --port 修改。

# help_format 1.5
> {支持|能用}{什么|哪些}{模型格式|格式的模型|模型|模型文件}{呢|}?
< 支持 Hugging Face 文件夹和 GGUF 文件。

# help_threads 1.5
> {怎么|如何}{设置线程|改线程数|用更多的核|指定线程数}{呢|}?
< 用 --threads 指定计算线程数。

# help_gpu 1.5
> {需要|要|必须有|用}{显卡|GPU|gpu|独立显卡}吗?
< 不需要显卡,用 CPU 就能运行。

# help_test 1.5
> {怎么|如何}{运行测试|跑测试|测试项目|检查代码}{呢|}?
< 运行 ./dev test,就会编译并执行全部测试。

# help_build 1.5
> {怎么|如何}{编译|构建|编译项目|安装|安装 qaio}{呢|}?
< 运行 ./dev build,它会装好缺少的依赖并编译。

# help_lang 1
> {qaio|这个项目|这个服务|你}是用{什么语言|什么}写的{呢|}?
< Qwen All-in-One 是用 C++ 写的。

# help_sentiment 2
> {怎么|如何|你怎么}{判断情感|分析情感|判断一句话的情感|知道我高兴还是难过}{呢|的|}?
> {情感|情感任务|情感分析}是{什么|怎么做的|做什么的}{呢|}?
< 每句话会同时交给情感任务,它选出正面或负面的标签。
< 我比较每个标签的概率,选出最可能的情感。

# help_slow 1.5
> {回复|速度|服务}{很慢|太慢|好慢}{怎么办|,怎么加速|,为什么}{?|}
< 看看 breakdown 里哪个阶段最久,再试试增加 --threads。

# help_stop 1.5
> {怎么|如何}{停止|关闭|退出|关掉}{服务|程序|服务器|qaio}{呢|}?
< 在终端按 Ctrl+C,服务就会停止。
"""

EN = """
# help_what 2
> {so |please tell me, |}what is {qaio|Qwen All-in-One|this project|this program|this server}?
> {tell me about|what does|introduce|explain} {qaio|Qwen All-in-One|this project|this server}{ do|, please|}{?|}
< Qwen All-in-One is a C++ inference server where one model both chats and judges the mood.

# help_start 3
> {so |please tell me, |}{how do I|how can I|how to} {start|run|launch|use|boot} {qaio|the server|this server|this program|the service}?
> {what is the command to|which command is used to} {start|run|launch} {qaio|the server|it}?
< Run ./dev serve in the project folder; the server starts on port 8080.
< Just run ./dev serve; it builds first and then starts the server.

# help_chat 3
> {how do I|how can I|how to} {send a request|call the API|use the API|call the chat endpoint|send a message|use curl with it}?
> {what is the|which is the|where is the} {chat endpoint|API|endpoint|request URL|chat API}?
< Send a POST request to /chat with a JSON body.
< Use POST /chat with JSON; you get the reply and the mood.

# help_breakdown 2.5
> {what is|what does|explain|what's} {the |}{breakdown|breakdown field|timing breakdown}{ mean| in the response|}?
> {how do I read|how to understand|how do I see} {the breakdown|the timing|where the time goes}?
< The breakdown lists the time of each stage, such as queue, prefill and decode.
< The breakdown shows which stages the time of a request went to.

# help_unattributed 2.5
> {what is|what does|explain|what's} {the |}unattributed{ time| mean| field|}?
> {why is there|where does} {unattributed time|some unattributed time}{ come from|}?
< Unattributed is time that no stage covers, such as hand-overs between threads.

# help_prefill 1.5
> {what is|what does|explain|what's} {the |}prefill{ stage| mean| time|}?
< Prefill is the stage where the model reads the whole prompt.

# help_decode 1.5
> {what is|what does|explain|what's} {the |}decode{ stage| mean| time|}?
< Decode is the stage where the model writes the reply token by token.

# help_queue 1.5
> {what is|what does|explain|what's} {the |}queue {time|stage|mean|field}?
< Queue is the time a task waits before the model starts on it.

# help_ttft 1.5
> {what is|what does|explain|what's} {ttft|the ttft|time to first token}{ mean|}?
< Ttft is the time from submission to the first token.

# help_tpot 1
> {what is|what does|explain|what's} {tpot|the tpot|time per token}{ mean|}?
< Tpot is the mean time per token after the first.

# help_task 3
> {how do I|how can I|how to} {add|define|create|configure|write} {a task|a new task|my own task|another task|tasks}{ in TOML|}?
> where {do I|can I} {configure|define|add} {tasks|a task|new tasks}?
< Add a [[task]] table with name and kind to a TOML file and pass it with --config.
< Write a TOML file with a [[task]] and its prompt, then start with --config.

# help_kind 1.5
> {what kinds of tasks|which task kinds|what task types} {are there|exist|can I use}?
< A task is generate or classify: one writes text, the other picks a label.

# help_network 2.5
> {do I need|does it need|is there a need for|does qaio need} {the internet|a network|internet access|a connection|to download a model}?
> {can I use it|does it work|can it run} {offline|without internet|with no network}?
< No network is needed; the model is inside the program and works offline.

# help_model 3
> {how do I|how can I|how to} {use|load|run|choose|switch to} {my own model|another model|a bigger model|a different model|a large model}?
> {can I|is it possible to} {change the model|use another model|load my own model|use a bigger model}?
< Start it with --model PATH, pointing to a model folder or a GGUF file.
< Yes, pass --model PATH with your model.

# help_port 2.5
> {what is|which is|what's} the {port|default port|server port}?
> {how do I|how can I|how to} {change the port|use another port|set the port}?
> port 8080 is {in use|taken|busy}{, what now|, what should I do|}?
< The default port is 8080; change it with --port.

# help_format 1.5
> {which|what} {model formats|formats|model files|kinds of models} {are supported|do you support|can I load}?
< It loads Hugging Face folders and GGUF files.

# help_threads 1.5
> {how do I|how can I|how to} {set the threads|use more cores|change the thread count}?
< Use --threads to set how many threads compute.

# help_gpu 1.5
> {do I need|does it need|does qaio need|is there a need for} {a GPU|a graphics card|an expensive GPU}?
< No GPU is needed; it runs on the CPU.

# help_test 1.5
> {how do I|how can I|how to} {run the tests|test the project|test it|check the code}?
< Run ./dev test to build and run all tests.

# help_build 1.5
> {how do I|how can I|how to} {build|compile|install} {qaio|it|the project|the server}?
< Run ./dev build; it installs what is missing and compiles.

# help_lang 1
> {what language is|in which language is} {qaio|this project|the server} written{ in|}?
< Qwen All-in-One is written in C++.

# help_sentiment 2
> {how do you|how can you|how does it} {judge the mood|detect sentiment|know how I feel|classify a sentence|analyze sentiment}?
> {what is|explain|what does} the {sentiment task|mood task|sentiment}{ do|}?
< Every message also goes to a sentiment task, which picks positive or negative.
< I compare the probability of each label and pick the most likely mood.

# help_slow 1.5
> {it is|the reply is|the server is|you are} {slow|too slow|very slow}{, what can I do|, how to speed up|}?
< See which stage is longest in the breakdown, then try more --threads.

# help_stop 1.5
> {how do I|how can I|how to} {stop|quit|close|shut down} {the server|qaio|it|the program}?
< Press Ctrl+C in the terminal to stop the server.
"""
