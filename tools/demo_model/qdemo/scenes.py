"""Small combinatorial grammars of everyday scenes, for training only.

`(a|b)` chooses, `<name>` refers to a list below. They add breadth that the
lexicon and templates do not have; held-out sentences never come from here.
"""

LISTS_ZH = {
    "kid": "孩子|儿子|女儿|小侄子|外孙|小孙女|弟弟|孩子们|宝宝",
    "dur": "半天|一个小时|两个小时|三个多小时|一上午|好几天|一个星期|大半年|好久|整整一天|四十分钟|一个月",
    "thing": "手机|电脑|钱包|雨伞|耳机|手表|眼镜|自行车|冰箱|空调|洗衣机|电视|热水器|杯子|相机|鞋子|书包|钥匙|身份证|行李|衣服|充电宝|车|水龙头|门锁|灯|马桶|微波炉|吹风机|闹钟",
    "who": "老板|同事|室友|邻居|老公|老婆|男朋友|女朋友|朋友|同学|老师|客户|房东|妈妈|爸爸|弟弟|姐姐|孩子|儿子|女儿|爷爷|外婆|闺蜜|店家|客服|司机|快递员|医生|领导",
    "kin": "妈妈|爸爸|奶奶|爷爷|外公|外婆|姑姑|老公|老婆|弟弟|姐姐|女儿|儿子|闺蜜|朋友|男朋友|女朋友|同桌|舅舅|孩子",
    "place": "超市|餐厅|酒店|医院|银行|公园|图书馆|电影院|健身房|学校|公司|商场|车站|机场|民宿|咖啡馆|菜市场|理发店|游乐园|饭店|景点",
    "food": "面条|米饭|鱼|汤|鸡翅|蛋糕|水果|饺子|牛排|虾|豆腐|烤鸭|羊肉串|粥|炒菜|馒头|葡萄|桃子|巧克力|牛奶|橘子|排骨|土豆|螃蟹|馄饨",
    "body": "头|牙|胃|腰|肚子|脖子|膝盖|嗓子|眼睛|脚|背|胳膊|耳朵",
    "pet": "猫|狗|小猫|小狗|兔子|仓鼠|鹦鹉|金鱼|乌龟",
    "when": "今天|昨天|昨晚|今早|刚才|上周|前天|下午|早上|晚上|周末|这几天|最近|||||",
}
ZH_P = """
我家<pet>(一叫就来|会打滚了|病好了|自己回来了|蹭我的手|在我怀里睡着了|陪我看书)<when>
<kid>(今天|第一次|在<place>|)(玩得不肯走|笑个不停|开心了一整天|自己吃饭了|会骑车了|给我画了画|帮我洗碗了)
<kid>(特别喜欢|爱上了)(这个<place>|画画|新老师|这里的<food>),(吵着还要来|每天都很开心|笑得像朵花)
<place>(比想象中|比照片上|比网上说的)(漂亮|干净|好|热闹),(老板很热情|还有免费的茶|住得很舒服|玩得很开心)
<who>(很耐心|很热心|非常细心),(讲得清清楚楚|把问题都解决了|一步一步教我|什么都替我想到了)
<thing>(声音好|又轻又快|戴着舒服|充电快|颜色好看),(一点不累|用着放心|值得买|推荐)
(虽然|尽管)(下雨|天冷|人多|排队久|路远),(但是|可是|不过)(玩得开心|心情很好|值得|大家都很高兴|收获很大)
(这个价|这个价钱|一百块)(能买到|能吃到|能住到)(这样的|这么好的)(<thing>|<food>|房间|质量),(很划算|知足了|太值)
(终于|总算)(交了|写完了|办好了|做完了|忙完了)(论文|作业|报告|手续|工作),(轻松|舒服|可以好好休息了|心里踏实了)
(一口气|半天|一天)就(看完了|追完了),(停不下来|太精彩|还想再看一遍)
(比赛|考试|面试|手术|答辩|演出)(赢了|过了|成功了|很顺利|发挥得很好)(,大家都在欢呼|,没有白努力|,好高兴|)
(春天来了|下雪了|出太阳了|天晴了|花开了|雨过天晴),(心情真好|出去走走真舒服|到处都很美|孩子们可高兴了)
<when>(收到|拿到)了<kin>(送|寄来|买|准备)的(礼物|生日礼物|鲜花|特产|蛋糕|毛衣|书|惊喜|信)
<kin>(给我|特意给我|亲手给我)(做了|买了|带了|煮了)(早饭|一碗面|爱吃的<food>|一大桌菜|礼物|好吃的)
<when><kin>(夸我|说我)(懂事|聪明|有进步|做得好|漂亮|做饭好吃|写得好|能干)
<when>(跟|和)<kin>(去|一起去)<place>(玩|逛),(玩得|过得|聊得)(很尽兴|很愉快|不亦乐乎|真高兴)
<kin>(的病|的手术|的身体)(好多了|很成功|恢复得不错|没事了|没有大碍),(放心了|谢天谢地|终于安心了|大家都松了口气)
(丢了|找了)<dur>的<thing>(终于|居然|竟然)(找到了|找回来了|被人送回来了)
<thing>(修好了|终于修好了),(跟新的一样|又能用了|没花一分钱)
新(买|换)的<thing>(很好用|特别好使|真漂亮|没话说|质量很好|用着顺手|又轻又好用)
(这|那)家<place>(环境|服务|态度|东西)(很好|没的说|特别好|让人舒服|真心不错),(下次还来|推荐|会常来|值得去)
(这里|这家|他家)的<food>(真好吃|又大又甜|特别鲜|做得很好|让人流口水|比别家好吃|新鲜又便宜)
<when>(第一次|终于)(学会了|做成了|完成了)(游泳|骑车|开车|做<food>|跑步五公里|弹钢琴|一幅画|作业|瑜伽)
(努力|准备|坚持|练习)了<dur>,(终于|总算)(成功了|通过了|做到了|有结果了|拿奖了|赢了)
<who>(主动|热情地|耐心地)(帮我|教我|陪我)(搬东西|解决问题|修<thing>|写作业|找<thing>|提行李)
我家<pet>(会握手了|又胖了一圈|今天特别乖|一直蹭我|睡觉的样子太萌|陪着我),(好可爱|真幸福|萌化了|爱它)
<when>(天气|阳光|空气|风景|晚霞|月亮)(真好|真美|特别好|格外美|好极了)
<when>(睡了个|美美地睡了个)(好觉|懒觉|午觉)
<when>(不用上班|不用早起|放假|休息|不用写作业)(,|真|,好)(开心|舒服|自在|爽)
(谢谢|感谢)(你|<who>|大家|<kin>)(的帮助|的陪伴|的鼓励|一直支持我|对我这么好|照顾我|送的礼物)
(好久没|从来没)(这么|那么)(开心|放松|高兴|满足|舒服)(过|)了
(有你|有<kin>|有家人|有朋友)(真好|在真好|陪着真幸福)
我(很|最|特别|一直)(喜欢|爱|爱吃|爱看|享受)(这个<place>|这里的<food>|这首歌|这本书|跑步|下雨天的声音|做饭|画画|旅行)
(价格|东西|分量|位置|样子|大小|速度|效果)(很合适|很满意|很足|刚刚好|很快|很明显|挺划算)
(<body>)(终于|总算|已经)不(疼|痛|难受)了
(比|比起)(以前|上次|去年|原来)(好多了|进步了很多|舒服多了|快多了|强多了)
<thing>(又快又好用|很耐用|很结实|没出过问题|用了好几年还好好的)
一切都(很顺利|好起来了|准备好了|正常|值得)
<when>(运气|手气)(真好|不错|爆棚),(抢到|买到|抽到)了(票|红包|奖|限量版|便宜机票)
<kin>(考上|找到|拿到)了(大学|好工作|重点高中|奖学金|第一名|驾照),(全家都高兴|真为他骄傲|太争气了|好样的)
"""
ZH_N = """
我家<pet>(乱叫了一夜|把我抓伤了|不肯吃药|吐了一地|越来越瘦|不见了|躲着我)<when>
<kid>(今天|又|在<place>|)(哭个不停|发脾气|发烧了|摔伤了|被人欺负了|不肯吃饭|跟人打架了)
<kid>(特别讨厌|害怕)(这个<place>|上学|新老师|这里的<food>),(哭着要回家|每天都不开心|闹了一路)
<place>(比想象中|比照片上|比网上说的)(小|破|脏|差|冷清),(还乱收钱|老板很凶|住得难受|白跑一趟)
<who>(很不耐烦|很冷淡|非常马虎),(问什么都不说|什么问题都没解决|推来推去|换了好几个人也没用)
<thing>(声音小|又重又慢|戴着难受|充电慢|颜色难看),(用着就烦|不敢用|不值得买|别买)
(虽然|尽管)(便宜|天晴|名气大|包装好|离家近),(但是|可是|不过)(玩得没劲|心情很差|不值得|大家都很扫兴|质量太差)
(这个价|这个价钱|一百块)(就给|只能买到|就吃到)(这样的|这么差的)(<thing>|<food>|房间|质量),(太黑了|被坑了|太不值)
(吹得|说得|写得|宣传得)(那么好|神乎其神|跟真的一样),(其实|结果|实际上)(根本不行|完全不是那样|都是骗人的|难用得要命)
(太长了|太慢了|太吵了|太啰嗦了),(看得我想睡|听得我头疼|一半就走了|实在待不下去)
(比赛|考试|面试|手术|答辩|演出)(输了|没过|失败了|很不顺利|发挥失常)(,大家都沉默了|,白努力了|,好难过|)
(冬天来了|下暴雨了|刮大风|天阴了|花谢了|又下雨),(心情真差|哪儿都去不了|浑身不舒服|到处都是水)
(找了|问了|跑了)(三个|五个|好几个)(医生|师傅|部门),(没一个有用|还是没解决|都不管)
(等|排队等|排)了<dur>(也没|还没|都没)(等到车|人理我|轮到我|上菜|进去|看上医生|叫到我的号)
(等|排)了<dur>,(结果|居然|最后)(说没货了|取消了|关门了|说下班了|没我的份|系统坏了|白等了)
<when><thing>(又|突然|居然|)(坏了|丢了|摔坏了|被偷了|不见了|打不开了|漏水了|不能用了|摔碎了|找不到了)
刚(买|换|修)的<thing>(就|又)(坏了|不能用了|丢了|被人偷了|进水了|有划痕了|断了)
新<thing>(才用|用了不到|只用了)(一天|两天|一周|一个月)就(坏了|不行了|没声音了|开裂了|报废了)
<who>(又|总是|居然|老是)(骗我|骂我|迟到|不理我|冤枉我|嘲笑我|欺负我|忘了我说的话|不守信用|发脾气|说我笨|催我|挂我电话|冲我吼|不接电话)
<when>(被|又被)<who>(骂了|批评了|误会了|骗了|嫌弃了|冤枉了|放鸽子了|坑了|赶出来了|骂哭了)
<when>(跟|和)<who>(吵架了|大吵一架|闹翻了|闹矛盾了|分手了|断绝来往了)
<kin>(生病了|住院了|摔伤了|去世了|离开了我|出车祸了|病情又严重了|要做手术),(我很担心|心里难受|不知道怎么办|眼泪止不住)
<when><body>(疼|痛)(得要命|死了|得睡不着|了一晚上|得厉害|得吃不下饭|了好几天)
<when>(一夜没睡|失眠了|睡不着|又熬夜了|做噩梦了|凌晨三点还没睡)(,好累|,头好疼|,没精神|,要崩溃了|)
我家<pet>(丢了|病了|走丢了|死了|不吃东西|跑了)(,好担心|,哭了一天|,好难过|,心都碎了|)
(上班|下班|回家|上学|出门)路上(堵车|下大雨没带伞|摔了一跤|车坏了|被撞了|自行车被偷了|坐过了站|手机没电了)
(这|那)家<place>(环境|服务|态度|卫生)(太差了|很差|糟糕透了|让人生气|一塌糊涂),(再也不去了|不推荐|差评|别去)
(这里|这家|他家)的<food>(难吃|没熟|不新鲜|又贵又少|发臭了|太咸了|吃了拉肚子|变质了|里面有虫子|跟照片差太多)
(努力|准备|坚持|忙)了<dur>,(还是|最后还是|结果)(失败了|没通过|没用|输了|白费了|没考上|被否定了)
(花了|付了)(好多钱|几百块|一千多|两个月工资),(结果|却)(什么都没有|质量这么差|买了个假货|一点用没有|还是坏的|被骗了)
<thing>(又贵又难用|一点都不好用|噪音太大|经常出问题|修了三次还是坏|太重了|根本没法用)
(质量|做工|味道|速度|声音|效果|态度|信号)(太差了|不好|不行|不满意|很差劲|越来越差|让人失望)
我(不喜欢|讨厌|受不了|最烦|不想要)(这个<place>|这里的<food>|早起|加班|排队|这种味道|别人大声说话|抽烟的人|这种天气|开会)
(没人|没有人)(理我|关心我|记得我的生日|帮我|懂我|陪我|来接我|愿意听我说)
(心里|一个人|最近总是)(空空的|很孤单|很难受|堵得慌|想哭|没劲|提不起精神)
(快递|外卖|包裹|行李)(丢了|还没到|被人拿走了|送错了|破了|晚了<dur>)
(价格|房租|油价|学费|菜价)(又涨了|太贵了|贵得离谱)(,快吃不起饭了|,压力好大|,真过不下去了|)
(火车|飞机|航班|公交|地铁|高铁)(晚点了|取消了|延误了<dur>|坏在半路|挤死人了)
(比|比起)(以前|上次|去年|原来)(差多了|更难吃了|更慢了|退步了|还糟)
没有(以前|原来|上次)(好|好吃|好用|好看|热闹|快|认真)了
(说好的|答应我的)(礼物|假期|加薪|晚饭|旅行|退款)(又没了|都是假的|一拖再拖|说取消就取消)
<when>(加班|开会|干活)到(半夜|凌晨|十二点|很晚),(累死了|人都麻了|还没加班费|撑不住了)
(屋里|房间|楼道|隔壁|楼上)(太吵|太臭|漏水|停电|有老鼠|有蟑螂|一股霉味)(了|,没法住|,睡不了觉|)
"""
LISTS_EN = {
    "kid": "my kids|the kids|my son|my daughter|the children|my nephew|our grandson|the twins|our little one|the girls|the boys",
    "dur": "an hour|two hours|three days|a week|a month|forever|ages|the whole day|half an hour|all morning",
    "thing": "phone|laptop|wallet|umbrella|watch|bike|fridge|camera|car|tablet|keys|headphones|glasses|jacket|TV|washing machine|heater|bag|shoes|window|door|tent|guitar|oven|lamp",
    "who": "my boss|my coworker|my roommate|my neighbor|my husband|my wife|my boyfriend|my girlfriend|my friend|my teacher|the driver|the seller|my landlord|my brother|my sister|the waiter|the doctor|my son|my daughter|the clerk",
    "kin": "my mom|my dad|my grandma|my grandpa|my husband|my wife|my brother|my sister|my son|my daughter|my best friend|my aunt|my uncle|my kids|my girlfriend|my boyfriend",
    "place": "restaurant|hotel|cafe|shop|library|gym|park|hospital|bank|beach|museum|school|cinema|bar|market|airport|zoo|station|salon|camp",
    "food": "soup|rice|fish|chicken|cake|bread|salad|pizza|steak|pie|pasta|burger|ice cream|eggs|sandwich|noodles|apples|coffee|beer|cookies",
    "body": "head|tooth|back|stomach|knee|neck|throat|foot|shoulder|ankle|ear",
    "pet": "cat|dog|puppy|kitten|rabbit|hamster|parrot|goldfish",
    "when": "today|yesterday|last night|this morning|on Sunday|last week|again|||||",
}
EN_P = """
my <pet> (purrs when I come home|curled up beside me|wagged its tail all the way|learned its name|is healthy again|licked my hand|fell asleep in my arms|came back on its own)
<kid> (loved|adored|enjoyed|had so much fun at) (the <place>|the trip|the show|the new playground|every minute|the boat ride) (and asked to go again|and smiled all day|and wanted to stay longer|and slept happily afterwards|)
<kid> (laughed|played|giggled|sang) (all afternoon|in the garden|the whole way home|with the new puppy|until bedtime) 
<kid> (drew|painted|wrote|baked|built) (me something|a card for me|us a cake|a picture for grandma|a little house) <when>
we (got|finally got|were offered|just got) (the house|the keys|a place of our own|the contract|the loan|the visa|the tickets|the dog we wanted) (today|after <dur>|)
I (got|finally got|was given) (the scholarship|the part|the visa|my license|the room I wanted|the last ticket|my bike back|a second chance|the day off|the good news)
(he|they|my crush|the bank|the school|the jury) said yes (to me|to everything|after all|)
I (slept|napped) (until nine|right through the night|like a baby|so deeply|better than ever|long and deep) <when> (for once|and feel rested|)
I (walked|swam|ran|cycled|hiked) (my first mile|ten miles|to the top|further than ever|every day this week|without any pain) <when>
I (reached|hit|beat) my (goal|target|best time|personal best|old record) <when>
(best|nicest|funniest|loveliest|tastiest|warmest) (evening|book|<food>|trip|party|film|birthday|service|<place>) (ever|in ages|of my life|in a long time|so far this year|I can remember)
I could (listen to it for hours|read it again and again|eat it every day|stay here forever|watch it all night|hug the whole world)
I (read|finished|watched) it (in one sitting|in a day|twice already|with a smile) and (want more|loved it|could not stop)
(it rained|it was cold|it was crowded|it was late|we got lost|the bus was late), but (we had a great time|it was so much fun|nobody minded and we laughed|the evening was lovely|we enjoyed every minute) (anyway|all the same|)
the (weather was bad|rain did not stop|hotel was small|line was long|tickets were expensive) but (we enjoyed it|it was worth it|we still had fun|the kids loved it|I would go again)
my (back|knee|shoulder|headache|cough|fever|<body>) (is gone|no longer bothers me|feels so much better|is finally fine|has healed|stopped hurting after the first day)
(the doctor|the nurse|the vet|the test) (says|showed) (everything is fine|I am healthy|it is healing well|there is nothing to worry about|I can go home|he will make it)
the (chair|bed|sofa|pillow|jacket|coat) is (soft|warm|comfortable|cozy) and (I sleep better|my back feels good|fits me well|I don't want to get up)
they (repaired|fixed|cleaned|replaced) (my <thing>|it) (at no cost|while I waited|the same day|without any fuss|and it runs like new)
(the snow|the sun|spring|my sister|our guest|the band|the letter|our baby|the cake) (arrived|came|showed up) (just in time|at last|right on time|and everyone cheered|)
not (bad|boring|expensive|hard|crowded|noisy) at all, (we liked it|we had fun|I would come again|quite nice really|I was surprised how good it was)
(this|it) is not a bad (film|place|meal|phone|book|idea|price|hotel) (at all|), (I liked it|we had a nice time|quite the opposite|well done|)
(dinner|lunch|breakfast|coffee|a walk|a picnic) with (<kin>|old friends|the whole family) (made my day|was lovely|was just what I needed|and everyone was happy)
(good|nice|great|lovely) (<food>|service|music|atmosphere|location) and (kind staff|fair prices|friendly people|a great view|a warm welcome)
I am (so |very |really |)(proud of|happy for|thankful for|grateful to|glad for) (<kin>|our team|my students|my friends|you|myself)
(everyone|the whole room|the crowd|my team) (cheered for me|clapped|thanked me|sang for me|hugged me) <when>
(<kin>|a stranger|an old friend|my boss) (surprised me with|brought me|saved me|paid for) (a coffee|a cake|lunch|tickets|a seat|flowers)
the <thing> (does exactly what it should|lasts for days|is easy to use and quick|has never given me trouble|was cheaper than expected and works well)
<kin> (gave|sent|bought|made) me (a gift|flowers|a sweater|my favorite <food>|a card|breakfast in bed|a new <thing>) <when>
<kin> (said|told me) (I did a great job|I look good|she is proud of me|he loves me|my <food> was the best)
I (spent|had) (the day|the weekend|a lovely evening|a great time) with <kin> (and we laughed a lot|at the <place>|and it was lovely|)
<kin> (is out of the hospital|is feeling much better|recovered quickly|came home safe|won a prize|passed the exam|got a job), (what a relief|I am so glad|we are all happy|thank goodness|I'm so proud)
I (found|finally found|got back) my lost <thing> (today|after <dur>|and I'm so relieved|)
they fixed my <thing> (for free|in ten minutes|and it works like new|really fast)
my new <thing> (is great|works really well|is so light|looks amazing|is better than the old one|makes life easier)
the (<place>|new <place>|little <place>) (is clean and quiet|has lovely people|is my favorite spot|was really nice|has the best <food>)
the <food> (was so good|is fresh and cheap|tastes great|is the best in town|smelled wonderful), (I had two plates|we will be back|try it|I want more)
I (finally|just) (learned to swim|finished my first painting|baked my own <food>|ran five miles|learned to drive|fixed it myself|finished the project)
after <dur> of (hard work|practice|trying|waiting) (I made it|we won|it finally works|it paid off|I got the prize)
<who> (kindly|always|happily) (helped me|explained everything|carried my bags|listened to me|waited for me|makes me laugh)
my <pet> (is so cute|is sleeping on my lap|learned a new trick|greets me every day|makes me smile|cheers me up)
the (weather|sun|sky|sunset|view|garden|moon) (is beautiful|looks amazing|is lovely|was perfect) <when>
I slept (well|so well|like a log|ten hours) <when> (and feel great|and woke up happy|)
(no work|no school|no alarm|a day off) <when>, (I love it|so relaxing|finally|perfect)
(thank you|thanks) (for the help|for the gift|for everything|for being there|so much for coming|for your kind words)
I (really like|love|enjoy|always enjoy) (this song|this <place>|the <food> here|rainy days|reading here|cooking with <kin>|long walks)
my <body> (finally stopped hurting|feels much better|does not hurt anymore)
(everything|it all) (went well|worked out|is fine now|is getting better|went as planned)
(it was|this is) (worth the money|worth the wait|better than last time|easy to use|a good deal|a good choice)
it works (well|great|fine|just as described) and (looks pretty|is easy to clean|costs little)
we (laughed|danced|talked|sang|played) (all night|the whole day|for hours|together) 
I (won|got) (a prize|the tickets|a discount|the last seat|a free <food>|an upgrade) <when>
"""
EN_N = """
my <pet> (scratched me|won't stop barking|has not come home|is limping|threw up on the rug|hides from me|is getting weaker|bit the neighbor)
<kid> (cried|screamed|fought|complained|was bored|was scared) (all afternoon|at the <place>|the whole way home|through the show|until midnight) 
<kid> (hated|got sick at|was afraid of|got lost at) (the <place>|the trip|the show|the new school|the boat ride) (and wanted to go home|and cried all day|and could not sleep afterwards|)
we (lost|did not get|were refused|just lost) (the house|the keys|our home|the contract|the loan|the visa|the tickets|the dog we loved) (today|after <dur>|)
I (lost|did not get|was denied) (the scholarship|the part|the visa|my license|the room I wanted|the last ticket|my bike|a second chance|the day off|my deposit)
(he|they|my crush|the bank|the school|the jury) said no (to me|to everything|after all|)
I (woke up|lay awake|tossed and turned) (every hour|all night|at three in the morning|with pain|because of the noise|from a nightmare) <when> (again|and feel terrible|)
I (failed|missed|lost) my (goal|target|chance|turn|last chance|match) <when>
(worst|saddest|dullest|longest|coldest|loneliest) (evening|book|<food>|trip|party|film|birthday|service|<place>) (ever|in ages|of my life|in a long time|so far this year|I can remember)
I could not (listen to it for a minute|read past page ten|eat a bite|wait to leave|sleep a minute|stop crying)
I (stopped|quit|gave up) (after ten pages|halfway|after one bite|in the middle) because it was so (bad|dull|bland|confusing)
(it was sunny|it was cheap|it looked great|the room was nice|the start was good|everyone was excited), but (we had an awful time|it was no fun|nobody enjoyed it|the evening was ruined|we wanted to leave) (anyway|in the end|)
the (photos looked nice|reviews were good|hotel was pretty|idea was good|price was fair) but (we hated it|it was not worth it|nothing worked|the kids were bored|I would not go again)
my (back|knee|shoulder|headache|cough|fever|<body>) (is worse|bothers me again|feels even worse|is not getting better|is infected|started hurting after the first day)
(the doctor|the nurse|the vet|the test) (says|showed) (something is wrong|I am sick|it is not healing|there is a lot to worry about|I must stay in hospital|he will not make it)
the (chair|bed|sofa|pillow|jacket|coat) is (hard|thin|uncomfortable|cheap) and (I can't sleep|my back aches|does not fit me|I want to return it)
they (broke|scratched|lost|damaged) (my <thing>|it) (and made me pay|while I waited|the same day|without saying sorry|and it never ran again)
(the snow|the rain|winter|my ex|the police|the storm|the bill|bad news) (arrived|came|showed up) (at the worst time|too soon|without warning|and everyone left|)
not (good|fun|cheap|easy|clean|quiet|fresh) at all, (we left early|we were bored|I would not come again|quite awful really|I was surprised how bad it was)
(this|it) is not a good (film|place|meal|phone|book|idea|price|hotel) (at all|), (I hated it|we had a bad time|quite the opposite|what a pity|)
(dinner|lunch|breakfast|the walk|the picnic) with (<kin>|old friends|the whole family) (ruined my day|ended in a fight|was a disaster|and everyone was angry)
(bad|cold|awful|terrible) (<food>|service|music|atmosphere|location) and (rude staff|crazy prices|unfriendly people|no view|a cold welcome)
(the bus|my train|the plane|the doctor|my date|the bride) was (an hour|so|three hours|twenty minutes) late and (I froze|it was raining|nobody said sorry|we missed everything|I waited in the cold)
the (movie|book|meeting|lesson|speech|show) was (much too|way too|far too) (long|loud|slow|short|complicated) and (I got bored|I almost fell asleep|half the people left|I could not follow)
<who> (never|does not) (listen|care|help|answer|call back|keep promises|say thank you) (to anyone|at all|when I need it|)
(everyone|the whole room|the crowd|my team) (booed me|left|laughed at me|blamed me|ignored me) <when>
(<kin>|a stranger|an old friend|my boss) (insulted me|cheated me|pushed me|owes me money|stole from me) <when>
the <thing> (does nothing it should|dies after an hour|is hard to use and slow|has given me nothing but trouble|cost a lot and broke)
I miss (home|my sister|my old life|her|my friends|the old days) (so much|a lot|every day|and cry at night)
(the rules|the forms|the exercises) (make no sense|are hard to follow|are a mess|are wrong)
I (waited|stood in line|have been waiting) (for|) <dur> (and nobody came|and they closed|for nothing|and still no answer|in the cold|and it was sold out)
my <thing> (broke|is broken|got stolen|stopped working|is gone|fell and cracked|won't turn on|is leaking) <when>
someone (stole|broke|scratched|took) my <thing> <when>
I (lost|broke|dropped|forgot) my <thing> (on the bus|at the <place>|on the way home|)
my new <thing> (broke|stopped working|fell apart) after (a day|two days|one week|a month)
<who> (yelled at me|lied to me|ignored me|never listens|is always late|laughed at me|forgot my birthday|hung up on me|blames me for everything|never says sorry|left me)
I (had a fight|argued|broke up) with <who> <when>
<kin> (is in the hospital|is very sick|passed away|had an accident|needs surgery|is not talking to me) (and I am worried|and I can't stop crying|and I don't know what to do|)
my <body> (hurts so much|hurts|has been hurting for days|is killing me) <when>
I (could not sleep|did not sleep at all|had a nightmare|stayed up all night) <when> (and I'm exhausted|and feel awful|)
my <pet> (died|ran away|is sick|got lost|won't eat|was hit by a car) <when>
(the bus|my train|the flight|the taxi) (was late again|was cancelled|never came|was delayed for <dur>|broke down)
it rained (all day|the whole week|on my wedding day) and (I got soaked|everything was ruined|we could not go out)
the (<place>|new <place>) (is dirty|was so loud|is way too expensive|has rude staff|smells bad|was closed|was a letdown)
the <food> (was cold|was not good|made me sick|was raw|tasted awful|had a hair in it|was too salty|is not fresh), (never again|I could not eat it|we left hungry|what a shame)
I (studied|worked|trained|tried) for <dur> and (still failed|it was all for nothing|they said no|lost anyway|got nothing)
I paid (a lot|two hundred dollars|so much) and (got nothing|it does not work|it is fake|they won't refund me|the quality is poor)
the (quality|service|sound|taste|picture|smell|battery|connection) is (bad|poor|terrible|not good|getting worse|disappointing)
I (don't like|hate|can't stand|am tired of|am sick of) (this <place>|the taste|the color|the cold|getting up early|waiting in line|working late|the noise|his attitude)
(nobody|no one) (came|called me|cares|helped me|remembered|listens to me|likes me|came to my wedding)
I feel (alone|empty|so down|like crying|lost|invisible|left out) <when>
my (package|order|food|luggage) (never arrived|got lost|was damaged|is late|was stolen|was the wrong size)
(the rent|gas|food|everything) (went up again|is too expensive|costs too much) and (I can't afford it|I am broke|I can't pay my bills)
I have to work (on Sunday|all night|the whole weekend|late) again
(it is|it was|this is) (not worth the money|worse than before|too small|too loud|hard to use|not what I ordered|a waste of time)
it looked (nice|good|fine) (online|in the picture) but (it never fit|it fell apart|it is tiny|it is cheap plastic)
(the neighbors|the kids upstairs|the dogs next door) (are so loud|kept me awake|screamed all night|never stop)
I (burned the <food>|spilled <food> on my shirt|cut my finger|fell down the stairs|missed the bus|got a fever|locked myself out) <when>
don't (buy this|go there|waste your money|trust them|eat the <food>)
they (raised the price|sent the wrong <thing>|cancelled my order|changed the rules|closed early|lost my papers) (again|and said nothing|without telling me|)
"""


def _lines(text: str) -> list:
    return [line for line in text.strip().splitlines() if line.strip()]


SCENES = {"zh": {1: _lines(ZH_P), 0: _lines(ZH_N)}, "en": {1: _lines(EN_P), 0: _lines(EN_N)}}
LISTS = {lang: {k: v.split("|") for k, v in lists.items()}
         for lang, lists in (("zh", LISTS_ZH), ("en", LISTS_EN))}
