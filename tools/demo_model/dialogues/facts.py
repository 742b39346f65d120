"""Simple facts a tiny model can memorize, as talk blocks in both languages."""


def _rows(pairs):
    return "; ".join(",".join(str(cell) for cell in row) for row in pairs)


_ADD = _rows((a, b, a + b) for a in range(21) for b in range(21) if a + b <= 20)
_SUB = _rows((a, b, a - b) for a in range(21) for b in range(a + 1))

_ZH_DIGITS = "零 一 二 三 四 五 六 七 八 九 十".split()
_ADD_ZH = _rows((_ZH_DIGITS[a], _ZH_DIGITS[b], _ZH_DIGITS[a + b]) for a in range(11) for b in range(11) if a + b <= 10)
_EN_DIGITS = "zero one two three four five six seven eight nine ten".split()
_ADD_EN = _rows((_EN_DIGITS[a], _EN_DIGITS[b], _EN_DIGITS[a + b]) for a in range(11) for b in range(11) if a + b <= 10)

_CAPITALS_ZH = """: 中国,北京; 法国,巴黎; 日本,东京; 英国,伦敦; 美国,华盛顿; 德国,柏林; 意大利,罗马; 西班牙,马德里; 俄罗斯,莫斯科; 韩国,首尔
: 泰国,曼谷; 埃及,开罗; 加拿大,渥太华; 澳大利亚,堪培拉; 希腊,雅典; 印度,新德里; 葡萄牙,里斯本; 越南,河内; 瑞典,斯德哥尔摩; 巴西,巴西利亚"""
_CAPITALS_EN = """: China,Beijing; France,Paris; Japan,Tokyo; England,London; Germany,Berlin; Italy,Rome; Spain,Madrid; Russia,Moscow; South Korea,Seoul; Thailand,Bangkok
: Egypt,Cairo; Canada,Ottawa; Australia,Canberra; Greece,Athens; India,New Delhi; Portugal,Lisbon; Vietnam,Hanoi; Sweden,Stockholm; Brazil,Brasilia; Norway,Oslo"""

_DAYS_ZH = "星期一 星期二 星期三 星期四 星期五 星期六 星期日".split()
_DAYS_EN = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS_EN = "January February March April May June July August September October November December".split()
_NEXT_DAY_ZH = _rows((_DAYS_ZH[i], _DAYS_ZH[(i + 1) % 7], _DAYS_ZH[i - 1]) for i in range(7))
_NEXT_DAY_EN = _rows((_DAYS_EN[i], _DAYS_EN[(i + 1) % 7], _DAYS_EN[i - 1]) for i in range(7))
_NEXT_MONTH_EN = _rows((_MONTHS_EN[i], _MONTHS_EN[(i + 1) % 12]) for i in range(12))

ZH = f"""
# capital 3
@ a b
{_CAPITALS_ZH}
> {{请问|你知道|那|}}<a>的首都{{是|在}}{{哪里|哪儿|什么|哪座城市}}{{呀|吗|}}?
> {{告诉我|说说}}<a>的首都
> <a>首都{{?|是哪|是什么城市}}
< <a>的首都是<b>。

# capital_of 1
@ a b
{_CAPITALS_ZH}
> {{请问|你知道|}}<b>是{{哪国|哪个国家|什么国家}}的首都{{吗|}}?
< <b>是<a>的首都。

# colour_of 2
@ a b
: 天空,蓝色; 草,绿色; 太阳,金黄色; 雪,白色; 香蕉,黄色; 草莓,红色; 大海,蓝色; 云,白色; 煤,黑色; 树叶,绿色; 橙子,橙色; 葡萄,紫色; 熊猫,黑白色; 西瓜瓤,红色; 牛奶,白色; 乌鸦,黑色; 胡萝卜,橙色; 茄子,紫色
> {{请问|你知道|}}<a>是什么颜色{{的|}}{{呀|}}?
> <a>{{的颜色是什么|什么颜色}}?
< <a>是<b>的。

# mix_colour 1
@ a b c
: 红色,黄色,橙色; 蓝色,黄色,绿色; 红色,蓝色,紫色; 黑色,白色,灰色; 红色,白色,粉色
> <a>{{加|和|混合}}<b>{{是什么颜色|变成什么颜色|会变成什么色}}?
< <a>和<b>混在一起是<c>。

# day_next 1.5
@ a b c
: {_NEXT_DAY_ZH}
> <a>{{的后一天|后面|之后|的明天|过后}}是{{星期几|哪天|什么}}?
> 今天是<a>,明天是{{星期几|礼拜几}}?
< <a>的后一天是<b>。

# day_prev 1
@ a b c
: {_NEXT_DAY_ZH}
> <a>{{的前一天|前面|之前}}是{{星期几|哪天|什么}}?
> 今天是<a>,昨天是{{星期几|礼拜几}}?
< <a>的前一天是<c>。

# week 1
> 一{{周|个星期|个礼拜}}有{{几天|多少天}}?
> {{一周有哪几天|说说一周的七天|一星期都有哪些天}}
< 一周有七天,从星期一到星期日。

# year 1
@ q a
: 一年有几个月,一年有十二个月; 一年有多少天,一年有三百六十五天; 一天有几个小时,一天有二十四个小时; 一小时有多少分钟,一小时有六十分钟; 一分钟有多少秒,一分钟有六十秒; 一年有几个季节,一年有四个季节; 四季是哪四季,四季是春夏秋冬; 彩虹有几种颜色,彩虹有七种颜色; 一只手有几根手指,一只手有五根手指; 一打是多少个,一打是十二个
> {{请问|你知道|}}<q>{{呀|吗|}}?
< <a>。

# add 8
@ a b c
: {_ADD}
> <a>{{加|+| + }}<b>{{等于几|等于多少|是多少|=?|=|}}{{?|}}
> {{请问|算一下|计算|}}<a>{{加|+}}<b>{{等于几|是几|等于多少}}{{?|}}
< <a>加<b>等于<c>。

# sub 6
@ a b c
: {_SUB}
> <a>{{减|-| - }}<b>{{等于几|等于多少|是多少|=?|=|}}{{?|}}
> {{请问|算一下|计算|}}<a>{{减|-|减去}}<b>{{等于几|是几|等于多少}}{{?|}}
< <a>减<b>等于<c>。

# add_words 1.5
@ a b c
: {_ADD_ZH}
> {{请问|}}<a>{{加|加上}}<b>{{等于几|是多少|等于多少}}{{呀|}}?
< <a>加<b>等于<c>。

# opposite 2.5
@ a b
: 大,小; 高,矮; 长,短; 快,慢; 冷,热; 白,黑; 新,旧; 多,少; 上,下; 左,右; 前,后; 里,外; 好,坏; 胖,瘦; 早,晚; 远,近; 轻,重; 粗,细; 开,关; 哭,笑; 甜,苦; 强,弱; 深,浅; 干净,脏; 高兴,难过; 成功,失败; 开始,结束; 美丽,丑陋; 勇敢,胆小; 便宜,贵; 简单,困难; 安静,吵闹; 真,假; 软,硬
> {{请问|}}“<a>”的反义词是{{什么|啥|哪个}}?
> <a>的{{反义词|相反}}{{是什么|是啥|呢}}?
> <a>{{反过来是什么|的反面是什么}}?
< “<a>”的反义词是“<b>”。

# sound 1.5
@ a b
: 猫,喵喵; 狗,汪汪; 牛,哞哞; 羊,咩咩; 鸭子,嘎嘎; 公鸡,喔喔; 青蛙,呱呱; 蜜蜂,嗡嗡; 小鸡,叽叽; 猪,哼哼
> <a>{{怎么叫|的叫声是什么|是怎么叫的}}{{呀|}}?
< <a>的叫声是<b>。

# legs 1.5
@ a b
: 猫,四条腿; 狗,四条腿; 鸡,两条腿; 鸭子,两条腿; 蚂蚁,六条腿; 蜘蛛,八条腿; 马,四条腿; 鸟,两条腿; 牛,四条腿; 兔子,四条腿; 蜜蜂,六条腿; 蛇,零条腿; 鱼,零条腿; 章鱼,八条腕足
> <a>{{有几条腿|有多少条腿|几条腿}}{{呀|}}?
< <a>有<b>。

# eats 1.5
@ a b
: 熊猫,竹子; 兔子,青草和蔬菜; 猫,鱼和肉; 牛,草; 羊,草; 老虎,肉; 猴子,水果; 蜜蜂,花蜜; 松鼠,坚果; 马,草; 狮子,肉; 企鹅,鱼
> <a>{{吃什么|喜欢吃什么|爱吃什么|的食物是什么}}{{呀|}}?
< <a>喜欢吃<b>。

# lives 1
@ a b
: 鱼,水里; 鸟,树上; 企鹅,寒冷的南极; 骆驼,沙漠里; 熊猫,竹林里; 鲸鱼,大海里; 猴子,树林里; 蚂蚁,地下的蚁穴里; 北极熊,北极; 狮子,草原上
> <a>{{住在哪里|住在哪|生活在哪里|住哪儿}}{{呀|}}?
< <a>生活在<b>。

# kind_of 1.5
@ a b
: 苹果,水果; 白菜,蔬菜; 猫,动物; 玫瑰,花; 汽车,交通工具; 钢琴,乐器; 篮球,运动; 铅笔,文具; 桌子,家具; 红色,颜色; 牛奶,饮料; 香蕉,水果; 土豆,蔬菜; 麻雀,鸟; 飞机,交通工具; 吉他,乐器; 北京,城市; 中国,国家; 星期一,日子; 医生,职业
> <a>是{{什么|一种什么|哪一类|什么东西}}{{呀|}}?
< <a>是一种<b>。

# bigger 1.5
@ a b
: 大象,蚂蚁; 老虎,猫; 鲸鱼,金鱼; 西瓜,葡萄; 太阳,月亮; 飞机,自行车; 马,兔子; 熊,松鼠; 大海,池塘; 牛,鸡
> <a>{{和|跟|与}}<b>{{哪个大|谁大|谁更大|哪个更大}}?
> <b>{{和|跟|与}}<a>{{哪个大|谁大|谁更大|哪个更大}}?
< <a>更大。

# count 1
@ a b
: 十,一 二 三 四 五 六 七 八 九 十; 五,一 二 三 四 五; 三,一 二 三
> {{从一数到<a>|数到<a>|请数到<a>}}{{吧|}}
< <b>。

# common 2
@ q a
: 太阳从哪边升起,太阳从东边升起; 太阳从哪边落下,太阳从西边落下; 冰是什么变的,冰是水冻成的; 鸟为什么会飞,因为鸟有翅膀; 鱼用什么呼吸,鱼用鳃呼吸; 糖是什么味道,糖是甜的; 盐是什么味道,盐是咸的; 柠檬是什么味道,柠檬是酸的; 夏天冷还是热,夏天很热; 冬天冷还是热,冬天很冷; 中国的国宝是什么动物,中国的国宝是大熊猫; 下雨要带什么,下雨要带伞; 看病去哪里,看病要去医院; 借书去哪里,借书去图书馆; 火警电话是多少,火警电话是119; 报警电话是多少,报警电话是110; 急救电话是多少,急救电话是120; 中国最长的河是哪条,中国最长的河是长江; 一加一等于几,一加一等于二; 蜜蜂做什么,蜜蜂采花酿蜜
> {{请问|你知道|}}<q>{{呀|吗|}}?
< <a>。
"""

EN = f"""
# capital 3
@ a b
{_CAPITALS_EN}
> {{please tell me |do you know |}}{{what is|what's}} the capital of <a>?
> {{capital of <a>|the capital of <a>|tell me the capital of <a>|which city is the capital of <a>}}{{?|}}
< The capital of <a> is <b>.

# capital_of 1
@ a b
{_CAPITALS_EN}
> <b> is the capital of {{which country|what country|what}}?
> {{which|what}} country has the capital <b>?
< <b> is the capital of <a>.

# colour_of 2
@ a b
: the sky,blue; grass,green; the sun,yellow; snow,white; a banana,yellow; a strawberry,red; the sea,blue; a cloud,white; coal,black; a leaf,green; a carrot,orange; a grape,purple; a panda,black and white; milk,white; a crow,black; chocolate,brown; a lemon,yellow; a cherry,red
> {{do you know |please tell me |so |}}what {{color|colour}} is <a>?
> what is the {{color|colour}} of <a>?
< The color of <a> is <b>.

# mix_colour 1
@ a b c
: red,yellow,orange; blue,yellow,green; red,blue,purple; black,white,gray; red,white,pink
> what {{color do you get from|do you get if you mix|color is}} <a> and <b>?
< If you mix <a> and <b>, you get <c>.

# day_next 1.5
@ a b c
: {_NEXT_DAY_EN}
> {{what day|which day|what}} {{comes after|is after|follows}} <a>?
> today is <a>, what {{day is tomorrow|is tomorrow}}?
< The day after <a> is <b>.

# day_prev 1
@ a b c
: {_NEXT_DAY_EN}
> {{what day|which day|what}} {{comes before|is before}} <a>?
> today is <a>, what {{day was yesterday|was yesterday}}?
< The day before <a> is <c>.

# month_next 1
@ a b
: {_NEXT_MONTH_EN}
> {{what month|which month|what}} {{comes after|is after|follows}} <a>?
< The month after <a> is <b>.

# year 1.5
@ q a
: how many days are in a week,there are seven days in a week; how many months are in a year,there are twelve months in a year; how many days are in a year,there are 365 days in a year; how many hours are in a day,there are 24 hours in a day; how many minutes are in an hour,there are 60 minutes in an hour; how many seconds are in a minute,there are 60 seconds in a minute; how many seasons are there,there are four seasons in a year; how many colors are in a rainbow,a rainbow has seven colors; how many fingers are on one hand,one hand has five fingers; how many are in a dozen,a dozen is twelve; how many letters are in the alphabet,the English alphabet has 26 letters
> {{do you know |please tell me |so |}}<q>?
< <a>.

# add 8
@ a b c
: {_ADD}
> {{what is |what's |calculate |how much is |}}<a>{{ plus |+| + }}<b>{{?|=|}}
> <a>{{ plus |+| + }}<b> {{equals what|is what|is how much}}?
< <a> plus <b> is <c>.

# sub 6
@ a b c
: {_SUB}
> {{what is |what's |calculate |how much is |}}<a>{{ minus |-| - }}<b>{{?|=|}}
> <a>{{ minus | take away }}<b> {{equals what|is what|is how much}}?
< <a> minus <b> is <c>.

# add_words 1.5
@ a b c
: {_ADD_EN}
> {{what is|what's|how much is|calculate}} <a> {{plus|and}} <b>?
< <a> plus <b> is <c>.

# opposite 2.5
@ a b
: big,small; tall,short; long,short; fast,slow; cold,hot; white,black; new,old; more,less; up,down; left,right; front,back; in,out; good,bad; fat,thin; early,late; far,near; light,heavy; open,closed; sweet,bitter; strong,weak; deep,shallow; clean,dirty; happy,sad; success,failure; beginning,end; beautiful,ugly; brave,afraid; cheap,expensive; easy,hard; quiet,loud; true,false; soft,rough; day,night; yes,no; love,hate; wet,dry; full,empty; rich,poor; young,aged
> {{what is|what's|tell me|do you know|give me}} the opposite of <a>?
> <a>{{, what is its opposite|: opposite|, and the opposite word}}?
< The opposite of <a> is <b>.

# sound 1.5
@ a b
: cat,meow; dog,woof; cow,moo; sheep,baa; duck,quack; rooster,cock-a-doodle-doo; frog,ribbit; bee,buzz; chick,cheep; pig,oink; lion,roar; owl,hoot
> {{what sound does a <a> make|what does a <a> say|how does a <a> sound|what noise does a <a> make}}?
< A <a> says <b>.

# legs 1.5
@ a b
: cat,four legs; dog,four legs; chicken,two legs; duck,two legs; spider,eight legs; horse,four legs; bird,two legs; cow,four legs; rabbit,four legs; bee,six legs; snake,no legs; fish,no legs; beetle,six legs
> {{how many legs does a <a> have|how many legs has a <a>|the number of legs of a <a>}}?
< A <a> has <b>.

# eats 1.5
@ a b
: pandas,bamboo; rabbits,grass and vegetables; cats,fish and meat; cows,grass; sheep,grass; tigers,meat; monkeys,fruit; bees,nectar; squirrels,nuts; horses,grass; lions,meat; penguins,fish
> what do <a> {{eat|like to eat|usually eat|have for food}}?
< <a> eat <b>.

# lives 1
@ a b
: fish,in water; birds,in trees; penguins,in the cold south; camels,in the desert; pandas,in bamboo forests; whales,in the sea; monkeys,in the forest; ants,under the ground; polar bears,in the Arctic; lions,on the grassland
> where do <a> {{live|usually live|make their home}}?
< <a> live <b>.

# kind_of 1.5
@ a b
: an apple,a fruit; a cabbage,a vegetable; a cat,an animal; a rose,a flower; a car,a vehicle; a piano,an instrument; basketball,a sport; a table,a piece of furniture; red,a color; milk,a drink; a banana,a fruit; a potato,a vegetable; a sparrow,a bird; a plane,a vehicle; a guitar,an instrument; Paris,a city; China,a country; Monday,a day; a doctor,a job; water,a drink
> {{do you know |tell me |so |}}what {{is|kind of thing is}} <a>?
< <a> is <b>.

# bigger 1.5
@ a b
: an elephant,an ant; a tiger,a cat; a whale,a goldfish; a watermelon,a grape; the sun,the moon; a plane,a bike; a horse,a rabbit; a bear,a squirrel; the sea,a pond; a cow,a hen
> {{which|what}} is bigger{{, |: }}<a> or <b>?
> {{which|what}} is bigger{{, |: }}<b> or <a>?
> is <a> bigger than <b>?
< <a> is bigger.

# count 1
@ a b
: ten,One two three four five six seven eight nine ten; five,One two three four five; three,One two three
> {{count to <a>|please count to <a>|can you count to <a>}}{{?|}}
< <b>.

# common 2
@ q a
: where does the sun rise,the sun rises in the east; where does the sun set,the sun sets in the west; what is ice,ice is frozen water; why can birds fly,because they have wings; how do fish breathe,fish breathe with gills; what does sugar taste like,sugar is sweet; what does salt taste like,salt is salty; what does a lemon taste like,a lemon is sour; is summer hot or cold,summer is hot; is winter hot or cold,winter is cold; what should I bring when it rains,bring an umbrella; where do I go when I am sick,you should see a doctor; where can I borrow books,you can borrow books at a library; what do bees make,bees make honey; what comes after night,morning comes after night; is fire hot,yes fire is hot; what do plants need,plants need water and light; what is one plus one,one plus one is two
> {{do you know |please tell me |hey |}}<q>?
< <a>.
"""
