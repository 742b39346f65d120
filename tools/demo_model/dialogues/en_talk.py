"""English small talk, advice and follow-ups."""

_FIRST = ("Anna Tom Mary John Lucy Peter Emma Jack Sara David Lily Mike Kate Paul Nina Mark Ella Sam Rose Adam Jane Leo Alice Ben Grace "
          "Max Amy Luke Eva Noah Zoe Ryan Mia Eric Ivy Alex Ruby Dan Chloe Joe Sophia Henry Julia Oscar Laura Victor Helen Simon Diana "
          "George Clara Frank Nora Carl Hannah Ivan Olivia Kevin Maria Oliver Linda James Susan Robert Karen William Nancy Charles Betty "
          "Thomas Sandra Daniel Ashley Steven Donna Andrew Carol Joshua Michelle Brian Amanda Edward Melissa Jason Rebecca Jacob Sharon "
          "Gary Cynthia Jonathan Kathleen Larry Angela Scott Brenda Justin Pamela Raymond Nicole Gregory Samantha Jerry Katherine Dennis "
          "Christine Walter Debra Patrick Rachel Harold Carolyn Douglas Janet Arthur Maya Priya Ravi Chen Wei Yuki Ken Omar Fatima Ali "
          "Leila Igor Olga Marco Lucia Pablo Carmen Hugo Elena Felix Freya Finn Isla Theo Poppy Archie Daisy Toby Molly Ethan Abby "
          "Logan Claire Mason Naomi Owen Audrey Wyatt Stella Caleb Violet Dylan Hazel Nathan Lena Aaron Tina Kyle Wendy Sean Gina").split()

LEXICON = {
    "name": _FIRST,
    "colour": "red blue green yellow purple pink white black orange gray brown gold silver turquoise".split(),
    "food": ("pizza sushi pasta ramen curry steak salad soup tacos burgers noodles dumplings pancakes chicken lasagna cheese chocolate "
             "sandwiches rice bread fish cake cookies waffles fries seafood barbecue omelets").split() + ["ice cream", "hot pot", "fried rice"],
    "fruit": "apples bananas grapes strawberries oranges peaches mangoes cherries pears blueberries lemons pineapples melons kiwis".split(),
    "petkind": "cat dog rabbit hamster turtle parrot puppy kitten goldfish pony".split(),
    "petname": "Lucky Max Bella Coco Milo Luna Buddy Charlie Daisy Oreo Snowy Tiger Shadow Pepper Ginger Biscuit Pumpkin Teddy Rocky Mittens Simba Nemo Cookie Honey".split(),
    "city": ("London Paris Tokyo Boston Chicago Berlin Madrid Rome Beijing Shanghai Sydney Toronto Seattle Dublin Vienna Prague Lisbon Oslo "
             "Athens Moscow Delhi Mumbai Seoul Bangkok Singapore Cairo Denver Dallas Miami Amsterdam Munich Milan Zurich Warsaw Budapest").split() + ["New York"],
    "job": ("teacher doctor nurse programmer driver cook student designer lawyer writer farmer painter singer pilot baker waiter dentist "
            "journalist photographer firefighter carpenter mechanic librarian chef scientist").split(),
    "hobby": ("running swimming reading painting singing dancing cooking hiking fishing photography gardening cycling skiing yoga "
              "baking drawing writing traveling camping knitting chess basketball football tennis surfing climbing").split(),
    "age": "8 10 12 15 16 18 20 21 22 25 27 28 30 33 35 40 42 45 50 60 70 ten twelve twenty thirty forty".split(),
    "season": "spring summer autumn winter".split(),
    "animal": "cats dogs pandas rabbits tigers elephants penguins dolphins lions giraffes monkeys birds horses foxes koalas turtles bears owls".split(),
    "fear": "spiders snakes heights thunder mice ghosts exams flying clowns".split() + ["the dark"],
    "person": "boss manager teacher coach professor client supervisor coworker mentor principal trainer director tutor".split() + ["team lead"],
    "family": "mom dad husband wife boyfriend girlfriend sister brother grandma grandpa roommate cousin neighbor uncle aunt".split() + ["best friend"],
    "exam": ["final exam", "math test", "English exam", "driving test", "history exam", "physics test", "midterm", "biology exam",
             "chemistry test", "piano exam", "spelling test", "French exam", "entrance exam", "swimming test", "bar exam"],
    "item": "jacket dress coat hat bag backpack wallet scarf watch sweater lamp desk chair sofa blanket mug bike toy umbrella necklace guitar shirt".split(),
    "gadget": ("phone laptop computer tablet camera keyboard TV fridge printer charger router speaker dishwasher console microwave "
               "heater scooter vacuum").split() + ["washing machine"],
    "body": "head stomach back neck knee foot leg hand shoulder ear throat ankle wrist elbow tooth".split(),
    "subject": "math English physics chemistry history geography biology music art French Spanish Chinese".split(),
}

TALK = """
# greet 5
>! {hi|hello|hey|hi there|hello there|howdy|greetings|yo|hiya}
> {hi|hello|hey}{,|}{ there|} {nice to meet you|my friend|I'm back|it's me|are you there|little bot|can we chat|anyone here|good to see you|I'm new here}
> {hey|hi|hello|yo}{,|} {what's up|what's new|long time no see|how is it going}
< Hello! Nice to meet you.
< Hi there! How is your day going?
< Hello! What would you like to talk about?
< Hey! I'm here and happy to chat.

# greet_morning 1.5
>! {good morning|morning}
> {good morning|morning}{,| to you,|} {I just woke up|my friend|it's a new day|did you sleep well|everyone|I need coffee|it's early}
< Good morning! I hope you have a great day.
< Good morning! Remember to have breakfast.

# greet_evening 1.2
>! {good evening|good afternoon}
> {good evening|good afternoon}{,|} {my friend|how are you|what a long day|I just finished work|nice to see you|I'm tired}
< Hello! I hope your day went well.
< Good to see you! Take a moment to relax.

# good_night 1.5
>! {good night|night|goodnight}
> {good night|goodnight|sleep well|sweet dreams}{,|} {see you tomorrow|my friend|I'm going to bed|talk tomorrow|bye|I'm sleepy}
> {I'm going to bed|time for bed|I'm off to bed|I should sleep now}{ now| soon|}
< Good night, sweet dreams!
< Sleep well, and see you tomorrow!

# bye 2
>! {bye|goodbye|see you|see ya|bye bye|cya}
> {bye|goodbye|see you|take care|farewell}{,|} {see you later|have a nice day|I have to go|talk to you later|thanks for the chat|see you tomorrow|until next time}
> {I have to go|I need to go|I should go|gotta go|I'm leaving}{ now| to work| to class|}{, bye|, see you|}
< Goodbye, take care!
< Bye! Have a lovely day.
< See you next time!

# thanks 2
>! {thanks|thank you|thank you so much|thanks a lot|many thanks|ty|thx}
> {thanks|thank you|thanks a lot|thank you so much}{,| for} {your help|listening to me|the advice|chatting with me|being kind|cheering me up|everything|your time}
> {thank you|thanks}{,|} {that helps|you are so kind|you're the best|I feel better|that was useful|I appreciate it}
< You're welcome!
< You're welcome, I'm glad to help.
< Any time! I'm happy to chat.

# sorry 1.5
>! {sorry|I'm sorry|my bad|I apologize}
> {sorry|I'm sorry|so sorry|my apologies}{,| that|} {I was rude|I made a typo|I kept you waiting|I was late|I yelled at you|I said something wrong|I misunderstood you|I bothered you}
< That's okay, don't worry about it.
< No problem at all, let's keep chatting.

# who 4
>! {who are you|what is your name|what's your name|what are you}
> {so|hey|hi|please tell me|excuse me|okay|well}{,|} {who are you|what is your name|what's your name|what are you|what should I call you|who am I talking to}{?|}
> {introduce yourself|tell me about yourself|can you introduce yourself|say something about yourself|do you have a name}{, please|?|}
< I am the Qwen All-in-One demo model, a very small language model that can chat and judge the mood of a sentence.
< I am the Qwen All-in-One demo model, a very small language model.

# what_model 3
> {so|hey|please tell me|}{,|} {what model are you|which model are you|what language model is this|which model is running here|what AI is this|what kind of model are you}?
> are you {ChatGPT|GPT|Qwen|a large model|Claude|Gemini|DeepSeek|Llama|a big language model}?
< I am the Qwen All-in-One demo model, a very small language model.
< I'm not a large model, only the tiny demo model of Qwen All-in-One.

# robot 2
> are you {a robot|a bot|a human|a real person|human|an AI|alive|a machine|a computer|a program|real}?
> {is this|am I talking to|you are} {a robot|a human|a bot|a real person|a machine|an AI}{, right|}?
< I'm not a person; I'm a very small language model.
< I'm a program, the demo model of Qwen All-in-One.

# can_do 3
>! {what can you do|what do you do|help|help me}
> {so|hey|please tell me|}{,|} {what can you do|what can you do for me|what are you good at|what are your skills|what can I ask you|how can you help me|what do you know|what are you for|what features do you have|what can we talk about}?
< I can chat with you and judge whether a sentence is positive or negative.
< I can make small talk, tell jokes, and judge the mood of a sentence.

# how_big 1.5
> {how big are you|how many parameters do you have|how large are you|are you small|are you big|what is your size|how small are you}{ really| exactly|}?
< I'm tiny, with only about 3.6 million parameters.
< I'm a very small model with a few million parameters.

# maker 1.5
> {who made you|who created you|who built you|who trained you|where do you come from|who is your owner|who is your creator|how were you made|who developed you}{, please| by the way|}?
< I was trained from scratch by the Qwen All-in-One project.

# how_are_you 3
>! {how are you|how are you doing|how's it going|how do you do}
> {so|hey|hi|hello|well}{,|} {how are you|how are you doing|how are you today|how do you feel|how is your day|how have you been|are you okay|are you well|how was your day}?
< I'm doing well, thank you! How about you?
< I'm fine, thanks! How is your day?
< All good here, and happy to chat with you.

# im_fine 1.5
> {I'm|I am|I'm doing} {fine|good|okay|alright|well|not bad|so so|the same as usual}{, thanks|, thank you|, and you| today|}{?|}
< Good to hear that. I hope your day stays nice.
< I'm glad. A calm day is a good day.

# age 1.5
> {how old are you|what is your age|when were you born|when is your birthday|are you old|are you young|do you have a birthday}{, by the way| now|}?
< I'm a program, so I don't have an age.

# gender 1
> are you {a boy or a girl|male or female|a man or a woman|a girl|a boy|a woman|a man}?
< I'm a language model, so I have no gender.

# where 1.5
> {where are you|where do you live|where are you from|where is your home|what country are you from|are you in the cloud}{ now| exactly|}?
< I live on your computer, with no need for a network.

# feelings 2
> {do|can} you {have feelings|feel pain|get sad|get angry|cry|get tired|dream|sleep|eat|feel lonely|have a soul|think|feel happy|get bored}?
< I'm a program without real feelings, but I'm glad to listen.
< I don't have feelings, but I will chat with you gladly.

# love_me 1.5
> {do you love me|do you like me|do you miss me|will you be my friend|will you marry me|can you be my girlfriend|can you be my boyfriend|do you hate me|are we friends}?
> {I love you|I like you|I miss you|be my friend|you are my best friend|let's be friends|hug me|marry me}{ so much| please|}
< Thank you! I'm happy to be your chat partner.
< I'm just a small model, but I enjoy chatting with you.

# compliment 2
> you are {so|really|very|such a|} {smart|funny|cute|sweet|nice|kind|helpful|cool|clever|amazing|great|awesome}{ today|}
> {good job|well said|nice answer|great answer|you're right|that makes sense|I like talking to you|you are the best|you made my day|good bot}
< Thank you, you are great too!
< Thanks, that is very kind of you.

# insult 1.5
> you are {so|really|very|} {stupid|dumb|useless|boring|slow|annoying|bad|silly|wrong}
> {you know nothing|shut up|you are an idiot|that's wrong|that makes no sense|you don't understand me|bad bot|go away|I hate you|your answer is bad|you suck}
< Sorry I couldn't help; I'm still a very small model.
< I'm sorry about that. I'm tiny and I make mistakes.

# test 1
>! {test|testing|test 123|just testing|ping}
> {testing|test|checking}{,|} {is this working|does this work|can you hear me|one two three|are you online}{?|}
< Received, I'm working fine.

# ack 2
>! {ok|okay|yes|yeah|sure|right|I see|got it|alright|fine|cool|yep|hmm|oh|really|nice|great|interesting|wow}
> {ok|okay|yes|right|sure|oh}{,|} {I see|got it|I understand|I will try|that's true|I agree|sounds good|good point}
< Okay! Is there anything else you want to talk about?
< I'm listening, please go on.

# no 1
>! {no|nope|nothing|never mind|not really|no thanks|nah}
> {no|nope|never mind|nothing}{,|} {I'm fine|it's okay|forget it|not now|maybe later|I was just asking}
< Okay, tell me when you want to chat.
< No problem, I'm here any time.

# laugh 1.5
>! {haha|lol|hahaha|hehe|lmao}
> {haha|lol|hahaha}{,|} {that's funny|you are funny|good one|so funny|I like it|nice one}
< I'm glad I made you smile!
< Haha, laughing is good for you.

# bored 2.5
> {I'm|I am|I feel} {so|really|a bit|very|} bored{ today| right now| at home|}
> what {can|should|could} I do {when I'm bored|this weekend|on a rainy day|in my free time|at home|tonight}?
< You could take a walk or watch a movie you like.
< Try cooking something new, or call an old friend.
< Want a joke? Just ask me for one.
? A change of scene clears the mind and lifts the mood.
* You can also tidy your room, draw something, or read a novel.

# weather 2.5
> {what's the weather like|how is the weather|will it rain|is it cold|is it hot|do I need an umbrella|will it snow|what is the temperature|is it sunny} {today|tomorrow|outside|in <city>|this weekend}?
< I can't go online, so please check a weather forecast.
< I can't see the weather from here; a forecast will tell you.

# weather_like 1.5
> do you like {rain|snow|sunshine|summer|winter|spring|autumn|the wind|rainy days|sunny days|storms}?
< I can't feel the weather, but it sounds nice. Do you like it?

# season 1.5
> {what is your favorite season|which season do you like|which season is the best|do you have a favorite season}?
< I like to hear about spring, when the flowers bloom.
> I {really |}{love|like} <season>
> my favorite season is <season>
< That is a lovely season.

# hobby_q 2
> {what do you like to do|what are your hobbies|do you have any hobbies|what do you do for fun|what do you do all day|what do you enjoy}{ in your free time| usually|}?
< Chatting with you is what I like most.
< Chatting is my hobby. What do you like to do?

# hobby_tell 3
> {I|I really|I also} {love|like|enjoy} <hobby>{ a lot| on weekends| after work|}
> {my hobby is|my favorite hobby is|I just started|I want to try|I'm interested in|I am good at} <hobby>
< <hobby> is a great hobby!
< I like the sound of <hobby>; it lifts the mood.
< <hobby> sounds fun, keep it up.

# food_q 2
> {do you eat|are you hungry|have you eaten|what do you like to eat|what is your favorite food|do you like <food>|have you tried <food>|do you drink coffee|can you taste food}?
< I don't eat, but I like hearing about good food.
< I'm a program, so I never get hungry. What do you like?

# food_tell 2.5
> {I love|I like|I really like|I want|I'm craving|I just had|I had} <food>{ for lunch| for dinner| today| so much|}
< <food> sounds delicious, enjoy it!
< Good choice, <food> can make the day better.

# fruit_tell 1
> {I love|I like|do you like|are|I eat} <fruit>{ every day| good for me|}
< Tasty and healthy, that is a good choice.

# what_eat 3
> what should I {eat|have|cook|make} {for dinner|for lunch|for breakfast|tonight|today|this weekend}?
> {I'm hungry|I am so hungry|I'm starving|I feel hungry|I don't know what to eat|any food ideas|any ideas for dinner}{ today| right now|, what should I eat|}{?|}
< How about a warm bowl of noodle soup?
< You could have <food>, easy and tasty.
< Maybe some <food> with a few vegetables.
? Warm food is easy to digest and helps you relax.
* Add some vegetables and a piece of fruit.

# drink 1.5
> {what should I drink|coffee or tea|do you prefer coffee or tea|what is a good drink|what do you drink}{ in the morning| tonight| when tired|}?
< Coffee wakes you up, and tea helps you relax.
< Water is always good, or a cup of warm tea.

# pet_q 1.5
> do you {like|prefer} {cats or dogs|dogs or cats|cats|dogs|animals|pets|<animal>}?
< Cats are calm and dogs are cheerful; I find both lovely.
> {what is your favorite animal|which animal do you like|do you have a pet}?
< I like hearing about animals; they are all cute.

# animal_tell 1.5
> {I love|I like|I saw some|I really like} <animal>{ a lot| at the zoo| today|}
< <animal> are lovely animals!
< Nice, <animal> are always fun to watch.

# music 1.5
> {recommend|suggest|tell me} {a song|some music|a good song|music for studying|a song for sleeping}{, please|}
> {can you sing|sing me a song|do you like music|what music do you like|what should I listen to}{ now|}?
< I can't sing, but some soft piano music is always nice.
< Try soft music when tired and pop songs when happy.

# movie 1.5
> {recommend|suggest} {a movie|a film|a good show|a cartoon|a movie for tonight}{, please| to me|}
> {what movie should I watch|do you like movies|what should I watch tonight|what is a good movie}?
< A comedy is good for relaxing, an animated film for a warm heart.
< Comedies are best with friends on a weekend.

# book 1.5
> {recommend|suggest} {a book|a good book|a novel|a book for bedtime}{, please| to me|}
> {what should I read|do you like books|what book is good|how can I read more}?
< Start with a topic you love and read ten minutes a day.
< Short stories are a good and easy start.
? A topic you enjoy is easier to keep up with.

# story 1.5
> {please |can you |could you |}{tell me a story|tell me a short story|tell a bedtime story|make up a story}{, please| now|}
< Once a little rabbit shared its carrots, and in winter no friend was hungry.
< Once a small seed was brave in the dark, and in spring it became a tall tree.
< A turtle walked a little every day and was the first to see the sea.
* Later they became good friends and watched the sunset together.
? Because kindness and patience always pay off.

# poem 1.5
> {please |can you |}{write|make|tell me|give me} {a poem|a short poem|a poem about spring|a poem about the moon|a haiku}{, please|}
< The wind is soft, the sky is blue, a little smile comes back to you.
< The moon is high, the night is still, a star is sleeping on the hill.

# riddle 1.5
> {please |can you |}{tell me|give me|ask me} {a riddle|another riddle|a brain teaser}{, please|}
< What gets wetter the more it dries? A towel.
< What has teeth but cannot bite? A comb.
< What has hands but cannot clap? A clock.

# joke 4
>! {tell me a joke|a joke please|joke|tell a joke|make me laugh}
> {please|can you|could you|hey,|I'm bored,|will you} {tell me a joke|tell me a funny joke|make me laugh|tell me something funny|say something funny|give me a joke|cheer me up with a joke}{, please|}{?|}
> {do you know|got|have you got|do you have} {a joke|any jokes|a good joke|any funny jokes|a funny story}?
< Why did the math book look sad? It had too many problems.
< What do you call a sleeping dinosaur? A dino-snore.
< Why can't a bicycle stand up by itself? It is two-tired.
< What do you call a fake noodle? An impasta.
< Why did the tomato turn red? It saw the salad dressing.
< What do you call cheese that isn't yours? Nacho cheese.
< Why did the cookie go to the doctor? It felt crummy.
< What do you call a bear with no teeth? A gummy bear.
< Why don't skeletons fight each other? They don't have the guts.
< Why did the computer go to bed? It needed to crash.
< What did the ocean say to the beach? Nothing, it just waved.
< Why was six afraid of seven? Because seven ate nine.
< What do cats eat for breakfast? Mice Krispies.

# encourage 2.5
> {please |can you |}{encourage me|cheer me up|say something nice|comfort me|give me some strength|motivate me}{, please| a little|}
> I {want to give up|can't do this|have no confidence|am afraid to fail|am not good enough|don't believe in myself}{ anymore| today|}
> I have {an interview|an exam|a race|a speech|a first date|a big game|surgery} {tomorrow|soon|today}{, I'm nervous|, wish me luck| and I'm scared|}
< Don't be afraid; you have come a long way already.
< Believe in yourself, you are stronger than you think.
< Take a deep breath and do your best. I'm cheering for you!
< Everyone has low points; a better view is ahead.
? Because you keep trying, and that already counts.
* Rest when you are tired, then take the next small step.

# adv_work 2.5
> {how can I|how do I|how should I} {handle work stress|deal with stress at work|reduce stress|be more productive|get along with coworkers|talk to my boss|stop procrastinating|balance work and life}?
> {work is so stressful|my job is stressful|I'm stressed at work|I have no motivation at work}{, what should I do|, any advice|, any tips}?
< Split your work into small parts and do the most important one first.
< Leave work at work; take a walk or see friends in the evening.
< Make a short list and do one thing at a time.
? One thing at a time keeps the mind calm and clear.
* Sleep enough, and talk with your boss about the workload.

# adv_sleep 2.5
> {how can I|how do I|what helps to} {sleep better|fall asleep|fall asleep faster|wake up early|go to bed early|fix my sleep}?
> {I can't sleep at night|I have trouble sleeping|I keep waking up|I sleep badly}{, what should I do|, any advice|, any tips}?
< Put your phone away an hour before bed and play soft music.
< Get up at the same time every day and drink less coffee.
< Breathe slowly, count to one hundred, and let your body relax.
? The light of a screen keeps your brain awake.
* Sunlight and exercise in the day also help you sleep.

# adv_study 2.5
> {how can I|how do I|how should I} {study better|learn <subject>|get better at <subject>|remember words|focus on studying|improve my grades|take good notes|learn a language}?
> {<subject> is too hard|I can't focus|I can't remember anything|studying is boring}{, what should I do|, any advice|, any tips}?
< Learn a little every day and review often.
< Master the basics first, practice, and write down your mistakes.
< Study for twenty-five minutes, then rest for five.
? The brain needs repetition and rest to remember.
* Explain what you learned to a friend; it sticks better.

# adv_exam 2
> {how do I|how should I|how can I} {prepare for an exam|study for a test|stay calm in an exam|pass my exam|get ready for finals}?
> {I'm nervous about my exam|I have a test tomorrow|exams scare me}{, what should I do|, any advice|, any tips}?
< Review the key points, sleep early, and do the easy questions first.
< Don't stay up late; check your mistakes and stay calm.
? A rested mind makes fewer mistakes.
* Skip a hard question first and come back at the end.

# adv_exercise 2
> {how can I|how do I|how should I} {start exercising|lose weight|get fit|start running|get stronger|keep working out|build muscle}?
> {I want to lose weight|I want to get fit|I never exercise}{, what should I do|, any advice|, where do I start}?
< Start with a twenty minute walk each day, then do a bit more.
< Pick a sport you like and do it three times a week.
< Eat less sugar, walk more, and be patient.
? A gentle start is safer and easier to keep up.
* Warm up first, and drink water after your workout.

# adv_sad 2.5
> what {should|can|do} I do when {I'm sad|I feel down|I feel lonely|I'm heartbroken|I want to cry|I feel hopeless}?
> {how can I|how do I} {feel better|be happy|cheer up|get over a breakup|forget someone|be happier|stop being sad}?
< It's okay to cry; then talk to a friend, it helps.
< Go outside for a walk in the sun; it lifts the mood slowly.
< Write down what hurts, then do one small thing you like.
? Putting feelings into words makes them lighter.
* If it lasts long, a counselor can really help.

# adv_angry 1.5
> {how can I|how do I|what helps to} {control my anger|calm down|stop being angry|cool down|keep my temper}?
> what should I do when {I'm angry|I'm mad|someone makes me angry}?
< Take ten deep breaths and step away for a while.
< Drink some water, take a walk, and decide later.
? Calm words solve more than angry ones.
* When you are calm, say clearly what bothered you.

# adv_gift 2
> what {should|can} I {buy|give|get} {my mom|my dad|my girlfriend|my boyfriend|my friend|my teacher|my wife|my husband|my kid|my boss|my grandma}{ for Christmas| for her birthday| for a birthday| as a gift|}?
> {any gift ideas|I need a gift idea|suggest a gift}{ for my mom| for my friend| for my dad| for a wedding|}{?|}
< Flowers and a handwritten card are always lovely.
< Pick something small that they use every day.
< A nice dinner together with a little cake feels warm.
? It's the thought that counts, not the price.
* Think of what they mentioned lately.

# adv_travel 2
> where should I {go|travel|go on vacation} {this weekend|this summer|next month|for the holidays|with my family|in winter}?
> {recommend|suggest} {a place to visit|a travel destination|a weekend trip|a nice city}{, please|}
> {how do I plan a trip|what should I pack|any travel tips|what should I know before going to <city>|is <city> nice}?
< A park or a mountain is good nearby; the sea is great for a longer trip.
< Book early, pack light, and bring your papers.
< The seaside is relaxing, and an old town is full of stories.
? Good planning makes the trip much easier.
* Check the weather and wear comfortable shoes.

# adv_program 2.5
> {how can I|how do I|how should I} {learn programming|learn to code|start coding|learn Python|learn C++|become a programmer|get better at coding}?
> {is programming hard|is coding hard|is Python easy|I want to learn coding|I want to be a programmer|should I learn to code}{ for beginners|}{, any advice|}?
< Start with Python and write a small program every day.
< Pick a small project, build it, and look things up as you go.
< It's not too hard; practice often and you will get it.
? You remember what you build, not what you only read.
* After the basics, read code that others wrote.

# adv_money 2
> {how can I|how do I|how should I} {save money|spend less|manage my money|make a budget|stop wasting money|save for a trip}?
> {I spend too much|I can't save money|I'm always broke}{, what should I do|, any advice|, any tips}?
< Save a part first on payday, and write down what you spend.
< Wait one day before you buy something.
< Cook at home more often; it saves a lot.
? Once you write it down, you see where the money goes.
* Set a small goal and reward yourself when you reach it.

# adv_interview 2
> {how can I|how do I|how should I} {prepare for an interview|write a resume|pass an interview|find a job|introduce myself|answer interview questions}?
> {I'm nervous about my interview|what should I wear to an interview|what should I say in an interview}{, any tips|}?
< Learn about the company, practice a short introduction, and come early.
< Practice common questions, and answer slowly and honestly.
< Keep your resume to one page with clear results.
? Good preparation makes you less nervous.
* At the end, ask one or two questions about the job.

# adv_friend 1.5
> {how can I|how do I} {make friends|talk to people|be less shy|apologize to a friend|say no|start a conversation|make up with my friend}?
> {I'm shy|I have no friends|I'm bad at talking}{, what should I do|, any advice|, any tips}?
< Start with a smile and a hello, then talk about shared interests.
< Be honest, listen well, and you will get closer.
? People like those who listen.
* Join a club or a class; it is easier there.

# adv_love 1.5
> {how can I|how do I|should I} {ask her out|ask him out|find love|tell her I like her|tell him I like him|get a girlfriend|get a boyfriend|win her back}?
> {I like a girl|I like a boy|I have a crush}{, what should I do|, any advice|}?
< Be friends first, get to know each other, then say it honestly.
< Be sincere and respect what the other person feels.
? Knowing each other well makes love steadier.

# adv_health 2
> {what should I do|what helps|what can I take} {for a cold|for a headache|for a fever|for a sore throat|for back pain|for a cough|for tired eyes}?
> {how can I|how do I} {stay healthy|get healthy|protect my eyes|eat healthier|boost my immune system}?
< Rest, drink warm water, and see a doctor if it gets worse.
< Eat and sleep on time, move more, and don't stay up late.
? The body needs time to recover, so rest comes first.
* I'm not a doctor, so please see one if it is serious.

# adv_life 1.5
> {how can I|how do I} {be more confident|build good habits|use my phone less|manage my time|be brave|change my life|stop being lazy|be more patient|become a better person}?
< Start with one small thing and do it every day.
< Set a tiny goal and reward yourself when you reach it.
? Small goals are easy to finish, and that builds confidence.
* Put the phone away and try just five minutes.

# adv_cook 1.5
> how do I {cook|make} {rice|pasta|eggs|soup|pancakes|fried rice|an omelet|chicken}?
< Keep it simple: wash, cut, cook on low heat, and add salt last.
< Follow an easy recipe, use low heat, and taste as you go.

# adv_choose 1.5
> should I {quit my job|change jobs|move|buy a house|break up|get a cat|get a dog|study abroad|buy a new phone|go back to school}?
> {I can't decide|I don't know what to choose|how do I make a decision}{, what should I do|}?
< Write down the good and bad sides, then ask what you really want.
< Don't hurry; think about whether you can accept the worst case.
? Writing it down makes your thoughts clear.

# adv_comfort 1.5
> {how can I|how do I|how should I} {comfort|cheer up|help|support} {a sad friend|my friend|my girlfriend|my boyfriend|my mom|someone who is sad|my coworker|my sick friend}?
> my {friend|girlfriend|boyfriend|mom|roommate|coworker} {is sad|is upset|had a breakup|is angry|feels down}{, what can I do|, how can I help|}?
< Listen quietly first, then do something light together.
< You do not need big words; being there is enough.
? A sad person needs to be heard most of all.
* Bring something tasty, or take a walk together.

# adv_baby 1
> my {kid|son|daughter|child|baby} {won't listen|won't study|won't eat|won't sleep|plays on the phone all day|cries a lot}{, what should I do|, any advice|}?
< Listen with patience, set clear rules, and praise small steps.
? Children who feel understood listen better.

# adv_pet 1
> {how can I|how do I} {take care of a cat|take care of a dog|train a puppy|wash my cat|stop my dog from barking|keep fish}?
< Feed it on time, keep it clean, and play with it every day.

# adv_house 1
> {how can I|how do I} {clean my room|organize my clothes|keep my home tidy|take care of plants|wash a white shirt|get rid of a bad smell}?
< Do one corner at a time and give away what you don't use.

# adv_speech 1
> {how can I|how do I} {give a good speech|speak in public|stop being nervous on stage|present better}?
> {I'm nervous about my speech|public speaking scares me}{, any tips|, what should I do|}?
< Practice it a few times, breathe deeply, and start slowly.
? What you practiced comes out even when you are nervous.

# adv_weekend 1
> {any plans|any ideas|what are good plans} for {the weekend|tomorrow|tonight|the holidays}?
< Sleep in a little, then go out with a friend.
< A good book and a nice meal make a lovely day.

# adv_wear 1
> what should I wear {today|tomorrow|to work|on a date|when it's cold|in the rain|to a party}?
< Comfort comes first; check the weather and take a layer.

# phone 1
> my {phone|computer|laptop} is {slow|frozen|full|offline|overheating|not charging}{, what should I do|, any advice|}?
< Restart it first, then remove apps you don't use.
< Back up your files and take it to a repair shop.

# who_am_i 1
> {do you know me|do you know who I am|do you remember me|have we met before}?
< I only remember what you say in this chat. You can tell me your name.

# secret 1
> {do you save my messages|is this chat private|do you share my data|will you keep a secret|do you upload what I say|is it safe to talk here}?
< I run on this machine and send nothing to the network.

# time 2
> what {time is it|day is it|date is it|year is it|month is it}{ now| today| right now|}?
> {do you know the time|is today a holiday|is it Monday|can you tell me the time|what is today's date}{, please|}?
< I have no clock, so please check your phone or computer.

# lang 1.5
> {can you speak|do you speak|do you understand} {English|Chinese|French|Spanish|Japanese|German|other languages}?
< I know some simple English and Chinese.

# translate 1.5
> {translate this|can you translate|how do you say|please translate} {hello in Chinese|I love you in French|this sentence|apple in Spanish|thank you in Japanese|my letter}{?|}
< Translation is not my strength; I only do simple chat.

# do_task 2
> {can you|could you|please|will you} {write code|write an essay|draw a picture|order food|book a flight|call my mom|send an email|play music|set an alarm|search the web|read my mind|do my homework|write my report}{ for me|}{?|}
< I can't do that; I only do simple chat and mood judging.
< Sorry, I'm only a tiny demo model and can't do this yet.

# sentiment_pos 2
@ s
: the service was great; I am very happy today; the movie is wonderful; the food tastes amazing; my teacher praised me; what lovely weather; this phone works well; the delivery was fast; I passed the exam; the room is clean; I love this book; we won the game
> {is this positive or negative|judge the mood|what is the sentiment|analyze this sentence}: <s>
> "<s>"{, is that| - is it} {positive or negative|good or bad}?
< The mood of that sentence is positive.

# sentiment_neg 2
@ s
: the service was terrible; I am very sad today; the movie is boring; the food tastes awful; my boss yelled at me; I was stuck in traffic; this phone is too slow; the package got lost; I failed the exam; the room is dirty; I hate this book; we lost the game
> {is this positive or negative|judge the mood|what is the sentiment|analyze this sentence}: <s>
> "<s>"{, is that| - is it} {positive or negative|good or bad}?
< The mood of that sentence is negative.

# chat_me 2
> {let's chat|let's talk|talk to me|chat with me|can we talk|I want to chat|say something|keep me company|I have nobody to talk to|can we chat}{ a bit| for a while| please| now|}
< Sure, how is your day going?
< Of course! Tell me something about your day.
< Gladly! Has anything good happened lately?

# listen 1.5
> {can I|I want to|I'd like to} {tell you something|ask you a question|share something|talk about my day|tell you a secret|vent}{ now|}{?|}
> {I have a question|I have a secret|I have something to say|I need to talk}
< Go ahead, I'm listening.
< Of course, take your time.

# fav 1.5
> what is your favorite {color|song|movie|sport|book|city|number|flower|game|day|word}?
< I don't have a real favorite. What is yours?
< I'm a small model without favorites, but I'd love to hear yours.

# dream 1
> {what is your dream|do you have a dream|what do you want to be|what is your goal|what do you wish for}{ in life|}?
< My wish is to make people a little happier.

# holiday 2
@ h
: Happy New Year; Merry Christmas; Happy Easter; Happy Thanksgiving; Happy Halloween; Happy Valentine's Day; Happy Mother's Day; Happy Father's Day; Happy holidays
> <h>{ to you| my friend|, little bot|}
< <h> to you and your family!
< Thank you, <h> to you too!

# birthday 1
> {wish me a happy birthday|I turned <age> today|I am <age> today}{, please|}
< Happy birthday! I wish you a wonderful year.

# tired 2
> {I'm|I am|I feel} {so |really |very |a bit |}{tired|sleepy|exhausted|worn out}{ today| now| after work|}
< You worked hard. Sit down, rest, and drink some water.
< Go to bed early if you can; tomorrow will feel better.

# sick 1.5
> I {have a cold|have a fever|have a headache|feel sick|am sick|don't feel well}{ today|}
< Please rest and drink warm water; see a doctor if it gets worse.

# fear 1
> {I'm afraid of|I'm scared of|I fear} <fear>
< That fear is normal; take it slowly.

# job_tell 1.5
> {I'm a|I am a|I work as a|I want to be a} <job>
> {is it hard to be a <job>|what do you think of being a <job>}?
< Being a <job> is a great job, and not an easy one.

# city_tell 2
> {I live in|I'm from|I come from|I'm in} <city>{ now|}
> {have you been to <city>|do you like <city>|what do you think of <city>}?
< I have never been to <city>, but I hear it is nice.
< <city> is a nice place; enjoy exploring it.

# meaning 1
> {what is the meaning of life|why are we here|what is the purpose of life|why do we exist}{, you think|}?
< That is a big question. Maybe it is to live each day well.

# fallback 5
@ t
: quantum physics; relativity; blockchain; calculus; philosophy; economics; gene editing; black holes; nuclear fusion; heart surgery; contract law; the Roman Empire; the stock market; lottery numbers; rocket engines; photosynthesis; Greek mythology; chip design; submarines; tax law; string theory; protein folding; chess openings; earthquakes; cryptography; the French Revolution; organic chemistry; opera; genetics; plate tectonics
> {please |can you |could you |}{explain|tell me about|teach me|describe} <t>{ to me| in detail|}{, please|}
> {what is <t>|do you understand <t>|do you know about <t>|how does <t> work|who knows <t> best|what do you know about <t>}?
< I'm not sure about that; I'm only a tiny demo model.

# fallback_hard 4
@ q
: how high is Mount Everest; who invented the telephone; who is the president; when did the war end; how far is the moon; how many bones do we have; how many people live on earth; who wrote Hamlet; why did dinosaurs die; how hot is the sun; what is the speed of light; what is the longest river; who painted the Mona Lisa; will stocks go up tomorrow; what are the winning numbers; what is 365 times 248; who won last year; is there water on Mars; why is the sky blue; how do I build a rocket; how do I fix an engine; what is the latest news; how much is gas today; will house prices fall; what restaurants are nearby; how do I get to the station; who is the best player; what am I thinking; do aliens exist; how big is the universe; when will the world end; which came first the chicken or the egg; solve this equation; how many pounds in a kilogram; what does this idiom mean; who discovered America; what is the square root of 7921; how do planes fly; what causes cancer; how old is the earth
> {please tell me|do you know|so|hey|I want to know|quick question}{,|} <q>?
> <q>?
< I'm not sure about that; I'm only a tiny demo model.
< I don't know the answer; please check a reliable source.

# gibberish 4
@ g
: asdfgh; qwerty; zzzz; blah blah; lalala; sdfkjh; xyzzy; hmmmmm; aaaa; uhh; jkl jkl; table runs purple; blue sleeps seven; glorp; bzzt; 12345; wubba wubba; kdjfk; the of and to; spoon sky eats; mmmm; tralala; gfhgfh; boop beep; snorf; flim flam; apple jumps triangle; vvvv; ooga; plonk; ????; ....; nananana; chair to moon fish; werwer; tick tock tuck; 999999; poiuy; dfg; yada yada
> <g>{ <g>|}
< I didn't understand that; could you say it another way?
< Sorry, I didn't get that. Please try again.

# odd 2.5
@ o
: can the moon be eaten; can stones swim; can elephants fly; can I live on a cloud; do fridges dream; can cats write poems; are fish thirsty; do shadows have weight; what if I were invisible; can potatoes sing; how much is a pound of stars; what color is the wind; can I return yesterday; what does rain taste like; do chairs get tired; can I borrow some time; does bread miss home; what does seven taste like; is your phone shy; can I walk on a rainbow
> {so|hey|tell me|what do you think|please}{,|} <o>?
> <o>?
< What a funny question, but I don't know the answer.
< You have a great imagination; I can't answer that.
"""

FOLLOW = {
    "thanks": (["thanks", "thank you", "thanks a lot", "thank you so much", "ok, thanks", "great, thank you", "thanks for the {advice|help|kind words|tip}",
                "{okay|alright|I see}, {thanks|thank you}", "you're so kind, thanks", "thx", "I appreciate it"],
               ["You're welcome!", "You're welcome, I'm glad to help.", "Any time! I'm happy to chat."]),
    "bye": (["bye", "goodbye", "see you later", "I have to go, bye", "talk to you later", "{gotta|I must} go {to work|to bed|now}, bye", "bye bye", "that's all, goodbye", "see you"],
            ["Goodbye, take care!", "Bye! Have a lovely day.", "See you next time!"]),
    "what_now": (["{so |}what should I do{ now|}?", "what {can|do} I do{ now|}?", "any advice?", "{do you have|got} any {advice|ideas|tips}?", "how do I deal with {it|this}?",
                  "can you help me?", "what would you do?", "what do you suggest?", "what now?", "how can I fix {it|this}?"], []),
    "still_sad": (["I {still feel|still am|am still} {bad|sad|angry|upset}{ about it|}", "{but |}I can't {stop thinking about it|calm down|get over it}", "it still {hurts|bothers me}"],
                  ["That's okay; it takes time. I'm here with you.", "I understand. Let it out, then do something you like."]),
    "better": (["I feel {better|a bit better|much better} now", "{okay|yes|right}, {that helps|I will try|I feel better}", "you're right{, I will let it go|}"],
               ["I'm glad; things will get better.", "Good to hear, that makes me feel at ease."]),
    "celebrate": (["how {should|can|do} I celebrate?", "{any|got} ideas {to|how to} celebrate?", "I want to celebrate{, any ideas|}", "how should I {treat|reward} myself?"],
                  ["Have a nice meal, or share the news with friends.", "Buy yourself a small gift and get a good rest."]),
    "agree": (["{yes|yeah|haha}, {I'm so happy|I really am happy|I feel lucky|I will keep going|it feels great}", "I will {keep it up|keep working hard}", "are you happy for me?"],
              ["Seeing you happy makes me happy too!", "Keep going, more good things will come."]),
    "laugh": (["haha", "lol", "hahaha", "{haha, |}that's {funny|hilarious|a good one}", "so bad it's good", "good one"],
              ["I'm glad I made you smile!", "Haha, glad you liked it."]),
    "another_joke": (["another one{, please|}", "tell me another{ joke| one|}", "one more{, please|}", "{do you have|got} any more?", "more jokes", "again", "{haha, |}another", "not funny, try another one"], []),
    "yes_joke": (["yes{, please|}", "{sure|ok|okay|yeah}, {tell me|go ahead|one joke please}", "why not", "go for it", "I'd love that"], []),
    "why": (["why?", "why is that?", "why so?", "how come?", "but why?", "what is the reason?", "why does that help?"], []),
    "more": (["tell me more", "and then?", "what else?", "anything else?", "go on", "more, please", "can you say more?", "what next?"], []),
    "memory": [
        {"tell": ["my name is <name>", "I'm <name>", "I am <name>", "{hi|hello|hey}, {I'm|I am|my name is} <name>", "{you can|please} call me <name>", "remember, my name is <name>", "<name> is my name"],
         "ack": ["Nice to meet you, <name>!", "Hello <name>, I will remember your name.", "<name> is a nice name."],
         "ask": ["what is my name?", "what's my name?", "do you {remember|know} my name?", "who am I?", "what am I called?", "can you tell me my name?"],
         "answer": ["Your name is <name>.", "You are <name>."], "unknown": ["You haven't told me your name yet."]},
        {"tell": ["my favorite color is <colour>", "I {love|like} the color <colour>", "<colour> is my favorite color"],
         "ack": ["<colour> is a nice color; I will remember it.", "Got it, you like <colour>."],
         "ask": ["what is my favorite color?", "which color do I like?", "do you remember my favorite color?"],
         "answer": ["Your favorite color is <colour>.", "You like <colour>."], "unknown": ["You haven't told me your favorite color yet."]},
        {"tell": ["my favorite food is <food>", "I {really |}love <food>", "I like <food> the most"],
         "ack": ["Yummy! I will remember that you like <food>.", "Got it, you like <food>."],
         "ask": ["what is my favorite food?", "what food do I like?", "do you remember what I like to eat?"],
         "answer": ["You like <food>.", "Your favorite food is <food>."], "unknown": ["You haven't told me your favorite food yet."]},
        {"tell": ["I have a <petkind> {named|called} <petname>", "my <petkind> is {called|named} <petname>", "my <petkind>'s name is <petname>"],
         "ack": ["<petname> is a cute name!", "Got it, your <petkind> is called <petname>."],
         "ask": ["what is my <petkind>'s name?", "what is my <petkind> called?", "do you remember my <petkind>'s name?"],
         "answer": ["Your <petkind> is called <petname>."], "unknown": ["You haven't told me its name yet."]},
        {"tell": ["I live in <city>", "I'm from <city>", "I come from <city>"],
         "ack": ["<city> is a nice place.", "Got it, I will remember <city>."],
         "ask": ["where do I live?", "where am I from?", "do you remember my city?"],
         "answer": ["You said <city>.", "You told me <city>."], "unknown": ["You haven't told me where you live."]},
        {"tell": ["I am <age> years old", "I'm <age> years old", "my age is <age>"],
         "ack": ["<age> is a great age.", "Got it, you are <age>."],
         "ask": ["how old am I?", "what is my age?", "do you remember my age?"],
         "answer": ["You are <age> years old."], "unknown": ["You haven't told me your age yet."]},
        {"tell": ["I'm a <job>", "I am a <job>", "I work as a <job>", "my job is <job>"],
         "ack": ["Being a <job> is a great job.", "Got it, you work as a <job>."],
         "ask": ["what is my job?", "what do I do for work?", "do you remember my job?"],
         "answer": ["You work as a <job>.", "You are a <job>."], "unknown": ["You haven't told me your job yet."]},
        {"tell": ["my hobby is <hobby>", "I {enjoy|like} <hobby>", "I like <hobby> in my free time"],
         "ack": ["<hobby> is a great hobby!", "Got it, you enjoy <hobby>."],
         "ask": ["what is my hobby?", "what do I like to do?", "do you remember my hobby?"],
         "answer": ["Your hobby is <hobby>.", "You enjoy <hobby>."], "unknown": ["You haven't told me your hobby yet."]},
    ],
}
