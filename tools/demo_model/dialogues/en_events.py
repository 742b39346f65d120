"""English event lexicon: what users report, and what to say about it."""

POSITIVE = """
## work
+ Keep it up!
+ You should celebrate a little.
+ Your effort is paying off.
+ Treat yourself to something nice.

> my {boss|manager|supervisor|team lead} {praised me|praised my work|said I did a great job|complimented me|thanked me in front of everyone|gave me great feedback}
> I {got praised by|was praised by|got a compliment from} my {boss|manager|supervisor|client|colleagues}
> my {client|customer|colleague|team} {loved my work|praised my presentation|thanked me for my help|was really happy with my work}
> I {won|got|received} {employee of the month|an award at work|great feedback at work|a glowing review}
< Being praised means your hard work is noticed.
< It feels great to be appreciated.
< You earned that recognition.

> I got {promoted|a promotion|a raise|a pay rise|a bonus|a big bonus at work}
> I was {promoted|promoted to manager|made team lead}
> my {salary went up|boss gave me a raise|company gave us a bonus}
< A promotion or a raise is well deserved.
< Your work is finally being rewarded.
< What a great step for your career.

> I {got|landed|found|started} {a job|a new job|my dream job|an internship|a great new job}
> I got {an offer|a job offer|the offer|the job|hired}
> I {passed|nailed|aced} {my|the} {job interview|interview|second interview}
> my interview went {well|really well|great|perfectly}
< You were clearly well prepared.
< A new job is an exciting new start.
< They saw how good you are.

> {our project|my project|our app|the new version} {launched|shipped|was a success|was approved|went live}
> I {finished|completed|wrapped up} {my project|a big report|a huge task|everything on my list|the presentation}
> I {closed a big deal|signed a new client|hit my target|met the deadline|beat the deadline}
> I {fixed|solved|found} {a nasty bug|a hard bug|a really tough problem}
< Finishing something hard feels wonderful.
< All that effort was worth it.
< That is a real achievement.

## rest
+ Enjoy your free time.
+ You can relax now.

> I {finished work early|left work early|got the day off|finally got some time off|got Friday off}
> {my vacation starts|my holiday starts|the weekend is here}
< Time to relax and enjoy yourself.
< A break is exactly what everyone needs.

> I {get along well|had a nice lunch|had a great chat} with my {new colleagues|coworkers|team|new boss}
= my {new boss|new team|new coworker} is {great|really nice|so kind|very friendly}
< Good people make work much easier.
< A friendly team is worth a lot.

> {my first day at work|my new job} {went well|was great|was fun}
< A good start is half the battle.
< That sounds like a place to grow.

## study
+ Keep going!
+ You should be proud of yourself.
+ Hard work pays off.

> I {passed|aced|did well in} {my|the} {exam|exams|final|finals|driving test|math test|English exam|physics exam|history test}
> I got {an A|an A plus|full marks|the best grade|a perfect score|the highest score} {in math|on my test|on my exam|in my class|in English}
> my exam {went well|went great|was a success}
< Passing that shows how well you studied.
< All that studying was worth it.
< What a great result that is!

> I {got into|was accepted to|got accepted to} {college|university|my dream school|my dream university|grad school|medical school}
> I {won|got|received} {a scholarship|first prize|a prize at the science fair|the competition|the spelling bee|a gold medal}
< You worked hard for this.
< A new chapter is waiting for you.
< What a wonderful achievement.

> I {graduated|finished my thesis|finished my homework|submitted my essay|defended my thesis|finished my first novel}
> my {teacher|professor|tutor|coach} {praised me|praised my essay|said I improved a lot|was proud of me|liked my work}
> I {learned|finally learned} {to swim|to drive|to cook|to play the guitar|to code|to ride a bike|a new song|to ski}
> my paper {got accepted|was published|got published}
< Learning something new is always a win.
< That took patience, well done.
< Your progress really shows.

## food
+ Enjoy every bite!
+ Now I am a little jealous.
+ Good food makes a good day.

> I {had|ate|tried} {a great|a delicious|an amazing|the best} {pizza|burger|steak|cake|breakfast|dinner|lunch|sushi|curry|ice cream|ramen|sandwich|brunch|taco}
> I {drank|had} {the best|a perfect|a delicious} {coffee|tea|smoothie|hot chocolate|milkshake}
= {the|this|that} {food|pizza|cake|soup|burger|pasta|coffee|new restaurant|bakery|noodle shop} {is|was} {so good|delicious|amazing|fantastic|excellent|really tasty}
< Delicious food can make the whole day better.
< That sounds really tasty.
< A good meal is a small joy.

> my {mom|dad|grandma|wife|husband|boyfriend|girlfriend|friend} {cooked|made|baked} {my favorite dish|a lovely dinner|a cake for me|pancakes for me|soup for me}
> my {friend|boss|sister|brother|coworker} {bought me lunch|took me out for dinner|bought me coffee}
> I had {dinner|lunch|a barbecue|brunch} with my {family|friends|best friend|parents}
< A shared meal always tastes better.
< There is love in that meal.

> I {baked|made|cooked} {bread|a cake|my first pie|dinner for everyone|soup|cookies|lasagna} and {it was great|everyone loved it|it turned out perfect}
< You have a talent for cooking.
< Homemade food is the best.

## traffic
+ Smooth trips are the best.
+ Safe travels!

> there was no traffic
> I {got a seat on the train|had all green lights|caught the last bus|got to work early|arrived on time}
> my {train|flight|bus} {was on time|arrived early|was right on time}
> I {got|bought} {a new car|my first car|a new bike|cheap plane tickets|train tickets home}
> I got my {driver's license|driving license}
< An easy ride puts everyone in a good mood.
< That makes getting around much nicer.
< What a lucky start.

## shopping
+ Enjoy it!
+ You have good taste.

> I {bought|found|got} {a lovely|a beautiful|a cheap|the perfect} {dress|jacket|pair of shoes|bag|book|lamp|coat|sweater|sofa}
> I {got|bought|found} {concert tickets|something on sale|a great deal|the last one in stock|the shoes I wanted|half price shoes}
> my {package|order|new shoes|new dress} {arrived|arrived early|finally came|came}
= my new {dress|jacket|coat|hat|bag} {fits perfectly|looks great|looks amazing}
< Finding exactly what you want feels great.
< That was worth the wait.
< A good deal is always satisfying.

> I {got|received} {a gift|a present|flowers|a surprise|a birthday present|a lovely card|a surprise package}
> my {friend|wife|husband|boyfriend|girlfriend|sister|mom} {gave me|sent me|bought me} {a gift|flowers|a surprise|a book|a present|chocolates}
< A gift means someone is thinking of you.
< What a thoughtful surprise.
< Someone really cares about you.

> the {staff|clerk|waiter|shop assistant|support team|driver} {was so kind|was very helpful|was really patient|was lovely}
> my refund {came through|arrived}
< Kind service really makes a difference.
< It is nice to be treated well.

## money
+ May your luck continue!
+ Save a little for later, too.

> I {won the lottery|won a prize|won some money|found twenty dollars|got a tax refund|won a raffle}
> I {paid off my loan|paid off my debt|saved a thousand dollars|reached my savings goal|got paid|found my lost wallet}
> my {stocks|investments|shares} {went up|are up|made a profit}
< That must be a nice relief for your wallet.
< Well managed, and a bit lucky too.
< Good news for your savings.

## health
+ Take good care of yourself.
+ Your health comes first.

> I {recovered|feel better|am finally healthy again|got over my cold|got out of the hospital|got the cast off}
> my {test results|blood tests|checkup|scan} {came back fine|was fine|came back clear|looked good}
= my {cold|fever|headache|back pain|cough} is {gone|finally gone|much better}
< It is a relief to hear you are well.
< Feeling healthy again is wonderful.

> I {lost five pounds|lost ten pounds|quit smoking|stopped drinking soda|have been eating well|worked out every day for a month|stuck to my diet}
< Your willpower is impressive.
< Healthy habits take real effort.
+ Keep it going, step by step.

## family
+ Enjoy this time together.
+ Family moments are precious.

> my {baby|daughter|son|little girl|little boy} {took the first steps|said the first word|won a prize|started school|got good grades|learned to ride a bike|was born}
> my {sister|brother|cousin|best friend} {got married|had a baby|got engaged|got into college}
> I {became a dad|became a mom|became an uncle|became an aunt|found out I am pregnant}
< What a beautiful moment for the family.
< You must be so proud.

> my {parents|mom|dad|grandma|grandpa|family} {visited me|called me|came to see me|got out of the hospital|surprised me|said I make the family proud}
> I {visited my parents|went home for the holidays|saw my family|spent the day with my kids|had a picnic with my family}
< Time with family warms the heart.
< Having family close is a blessing.

> I {moved into a new house|moved into my new apartment|bought a house|bought my first home|got the keys to my new place|found a great apartment}
< A new home is a fresh start.
< Enjoy making it your own.

## love
+ I wish you both happiness.
+ That is so sweet.

> I {got engaged|got married|fell in love|met someone special|have a new girlfriend|have a new boyfriend}
> {he|my crush|my girlfriend|my boyfriend} {said yes|asked me out|said I love you|smiled at me|proposed to me|texted me back}
< Love is a wonderful thing.
< It takes courage to open your heart.

> my {husband|wife|boyfriend|girlfriend|partner} {surprised me|made me breakfast|remembered our anniversary|planned a lovely date|wrote me a letter}
> I had {a great date|a lovely date|a romantic dinner} 
< Someone really treasures you.
< Small gestures mean so much.

## friends
+ Good friends are a treasure.
+ Enjoy your time together.

> I {met|saw|caught up with|had fun with|had coffee with} {my best friend|an old friend|my old classmates|my friends}
> I {made a new friend|made some new friends|made up with my friend|had a great party}
> my {friend|best friend|roommate|neighbor} {helped me move|threw me a party|came to visit|made me laugh all day|cheered me up|drove me home}
< Friends make ordinary days special.
< It is great to have people who care.
< May every day be this happy.

= {it's|it is|today is|tomorrow is} my birthday
> I had a {great|wonderful|fun} birthday {party|dinner}
< Happy birthday to you!
< I wish you a wonderful new year of life.
+ Make a wish and enjoy the cake.

> {a stranger|someone|a kind old lady} {helped me|held the door for me|complimented me|paid for my coffee|returned my phone|gave me a seat}
> I {helped a stranger|helped an old lady|helped a lost child|volunteered at a shelter}
< A little kindness goes a long way.
< The world is full of kind people.

## pets
+ Give it a pat from me.
+ Pets make life better.

> I {adopted|got|rescued} {a kitten|a puppy|a dog|a cat|a rabbit|a hamster|two kittens}
> my {dog|cat|puppy|kitten|parrot|rabbit} {learned a new trick|is healthy again|came back home|slept on my lap|had babies|recovered|greeted me at the door}
= my {dog|cat|puppy|kitten|hamster} is {so cute|adorable|such a good boy|the sweetest|so funny}
< Animals know how to make us smile.
< That sounds adorable.
< You are lucky to have each other.

## weather
+ A perfect day to go outside.
+ Enjoy the fresh air.

= {the weather|the sky|the sunshine} is {lovely|beautiful|perfect|so nice|wonderful} {today|}
= {it's|it is} {sunny|finally sunny|warm|cool and breezy|a beautiful day|snowing and so pretty} {today|outside|}
> I saw {a rainbow|a beautiful sunset|the sunrise|shooting stars|the first snow|cherry blossoms}
> the {rain|storm|heat wave} {stopped|is over}
< Nice weather lifts everyone's mood.
< Nature can be so beautiful.

## sport
+ Well played!
+ Remember to stretch and rest.

> {my team|our team|my favorite team|the home team|our football team} {won|won the game|won the match|won the cup|won the championship|made it to the final}
> I {won|scored a goal in|played really well in} {the game|the match|my tennis match|the chess match|our game}
< Winning is such a thrill.
< What an exciting match.

> I {ran|finished} {five miles|ten kilometers|my first marathon|a half marathon|my morning run}
> I {went for a run|went to the gym|went swimming|climbed a mountain|went hiking|rode my bike|did yoga|beat my personal best}
< Exercise makes body and mind feel good.
< You have great energy.
< That takes real discipline.

## gadgets
+ Have fun with it!
+ Enjoy using it.

> I {got|bought|unboxed} {a new phone|a new laptop|a new camera|new headphones|a new game console|a new tablet|a new keyboard}
> I {fixed my laptop|repaired my bike|recovered my photos|found my phone|got my files back|fixed my phone|got my code working}
= my new {phone|laptop|camera|headset} {works great|is amazing|is so fast}
< A tool that works well is a joy.
< Problem solved, what a relief.

## travel
+ Take lots of photos!
+ Have a wonderful trip!

> I {booked a trip to|went to|came back from|had a great time in} {Paris|Japan|the beach|Italy|London|the mountains|New York|Spain|Thailand|the lake}
= I am going {to the beach|on vacation|to Paris|on a road trip|camping|to Japan|hiking} {tomorrow|next week|this weekend|soon}
> {our hotel|the hotel} {upgraded our room|had a great view|was amazing|was so clean}
> {our trip|my vacation|the road trip} {was amazing|went perfectly|was so relaxing}
< Travel gives us the best memories.
< That sounds like an adventure.

## sleep
+ Good sleep is a great start.
+ Keep that sleep habit.

> I {slept really well|slept like a baby|slept ten hours|had a great nap|had a sweet dream|slept in|finally slept well}
< Being well rested changes everything.
< A good night's sleep is priceless.

## fun
+ Enjoy the moment.
+ Keep that smile.

> I {saw|watched} {a great movie|a funny show|an amazing concert|a lovely play|a really good film}
> I {finished a painting|wrote a poem|won a video game|finished a puzzle|learned a magic trick|finished a great book|got tickets to my favorite band}
> my {video|post|photo|song|drawing} {went viral|got a lot of likes|got featured}
= this {movie|book|song|game|show} is {so good|amazing|awesome|really fun|great}
< Doing what you love is the best.
< That is worth sharing.

= {I'm|I am|I feel} {so|really|very|super} {happy|excited|glad|grateful|proud|cheerful|relaxed} {today|right now|}
= {today was|today is|it was|what} {a great day|a wonderful day|an amazing day|a perfect day}
= {everything is going well|life is good|life is great|I am in a great mood|I feel great|I feel amazing|best day ever|I did it|good things keep happening|my dream came true|I feel lucky}
< I am happy to hear that.
< Enjoy this good mood.

## work

> my <person> {praised me|thanked me|said I did great|was proud of me|liked my idea}
> I {got|received} {praise|a compliment|great feedback} from my <person>
< Praise from your <person> means you did well.
< It feels good when your <person> sees your effort.

## study

> I {passed|aced|did well in} my <exam>
> my <exam> {went well|went great|was easy}
< Your work for the <exam> paid off.
< Doing well in the <exam> is something to be proud of.

> I got {an A|full marks|the top grade|a good grade} in <subject>
< You are really good at <subject>.

> I {learned|finally tried|got better at} <hobby>
< Getting into <hobby> takes courage, well done.
< I hope <hobby> brings you lots of joy.

## food

> I {had|ate|made|tried} {some |}<food>
= the <food> {tasted great|tasted amazing|tasted so good|made my day}
< A plate of <food> can make anyone smile.
< I bet the <food> smelled wonderful.

## shopping

> I {bought|got|found} a {new|nice|lovely} <item>
> my new <item> {arrived|came}
> my <family> {gave|bought} me a <item>
< I hope you enjoy your <item>.
< A nice <item> is a small joy.

## gadgets

> I {fixed|repaired|got back} my <gadget>
= my <gadget> works again
< Good to hear your <gadget> works again.

## pets

> I {adopted|got|rescued} a <petkind>
= my <petkind> is {so cute|healthy again|so sweet|very funny}
< Life with a <petkind> is never boring.
< Your <petkind> sounds lovely.

## travel

> I {went to|flew to|had a great time in|came back from} <city>
= I am going to <city> {soon|tomorrow|next week}
< I hear <city> is wonderful.
< I hope <city> gives you great memories.

## friends

> I had a {lovely|nice|great} {talk|day|dinner|walk} with my <family>
< Time with your <family> is precious.
+ Enjoy every moment with them.

## daily
+ Little joys count a lot.
+ It will be a good day.

> I {found my keys|found my lost ring|caught the elevator just in time|got a letter from an old friend|saw a shooting star|found money in my pocket|found my glasses}
< A small bit of luck is a lovely thing.
< Little surprises make the day brighter.

> I {cleaned my room|cleaned the kitchen|did all my laundry|got up early|got a haircut|organized my desk|threw out old stuff|went to bed early}
= my new haircut {looks great|looks nice|suits me}
< A fresh start always feels good.
< That must feel really satisfying.

> my {plants|flowers|roses|tomatoes|sunflowers} {bloomed|are growing well|finally sprouted}
< Watching them grow is so rewarding.
+ Remember to give them water and light.
"""

NEGATIVE = """
## work
+ Take a deep breath and rest a bit tonight.
+ Try sorting your tasks and doing one at a time.
+ It may help to talk with your manager calmly.
+ Do something you enjoy after work.

> I {had to work late|worked overtime|had to work overtime|worked until midnight|worked all weekend|had to cancel my plans for work}
> my {boss|manager|company} {made me work late|made me work on the weekend|gave me more work|called me at midnight|cancelled my vacation}
= I {am overworked|have too much work|am so tired of work|am burned out|hate my job|am stressed about work}
< Working that much would wear anyone out.
< You have been carrying a lot.
< Losing your free time is really frustrating.
+ Try to get some rest; your health matters.
! Sleep first, then talk to your manager about the workload.
! Put the tasks in order and leave the small ones for tomorrow.

> my {boss|manager|client|supervisor|coworker} {yelled at me|criticized me|blamed me|was rude to me|shouted at me|said my work was bad|ignored my idea}
> I {got|was} {criticized|yelled at|blamed|scolded} by my {boss|manager|client|supervisor}
< Being criticized like that hurts.
< That must have felt unfair.
< One bad comment does not define you.
+ Calm down first, then see what you can learn from it.
! Write down what was said and fix what you can first.
! Find a quiet moment and talk it over face to face.

> I {lost my job|got fired|got laid off|was let go|lost my contract}
> my company {went bankrupt|is laying people off|closed down}
< Losing a job is really hard.
< I am sorry, that is a tough blow.
+ Update your resume; new chances will come.
! Update your resume and ask former colleagues about jobs.
! Check your savings and take one week to recover.

> I {didn't get the promotion|didn't get a raise|missed my target|got a pay cut|was passed over for promotion}
> my company {cut our salaries|cancelled our bonus|froze our raises}
< It hurts when hard work is not rewarded.
< You deserved better than that.
+ Ask your manager what to improve next.

> I {failed|bombed|messed up} {my|the|a} {interview|job interview|presentation|demo}
> I {didn't get the job|got rejected|got rejected again|didn't hear back from the company|can't find a job}
< A failed interview is disappointing.
< Rejection hurts, but it is not the end.
+ Note what went wrong and try again.
! Write down the hard questions and practice them.
! Apply to a few more places and keep your introduction short.

> {my project|our project|my proposal|our plan|the contract} {failed|was cancelled|was rejected|got delayed|fell through}
> the {client|customer} {changed everything again|cancelled the order|refused to pay|complained about me|was so rude}
> {our server|the system|the website|the build} {crashed|went down|broke again}
< It is frustrating to see your work fall apart.
< Anyone would be tired after that.

> I {had a fight|had an argument|argued} with my {coworker|boss|colleague|manager}
> my {coworker|colleague} {took credit for my work|talked behind my back|blamed me for everything|missed the deadline again}
< Conflict at work is exhausting.
< It is normal to feel angry about that.
+ Keep notes and talk about it calmly.
! Write down the facts and talk to them in person.
! If it does not help, ask your manager to step in.

## study
+ One bad grade does not define you.
+ Ask a teacher or a friend for help.
+ Study a little every day and it will get better.

> I {failed|bombed|messed up|flunked} {my|the} {exam|final|driving test|math test|English exam|chemistry test|history exam}
> I got {a bad grade|an F|a D|the worst score|a terrible score} {on my test|in math|on my exam|in class}
> I {didn't get into college|didn't get the scholarship|got rejected by my dream school|lost the competition}
< Failing a test after all that work hurts.
< I am sorry it did not go well.
< It is okay to be disappointed.

= I {have too much homework|can't focus|can't understand my class|don't understand math|have an exam tomorrow and I am nervous|am so behind in school}
> I {forgot my homework|missed the deadline|was late for class|lost my notes|fell asleep in class}
> my {paper|essay|thesis} {was rejected|got a bad grade|got deleted}
< School can be overwhelming at times.
< Deadlines are stressful for everyone.
+ Break the work into small steps.

> my {teacher|professor|coach} {yelled at me|scolded me|embarrassed me in class|gave me a bad grade}
> my classmates {laughed at me|bullied me|ignored me|left me out}
< Nobody deserves to be treated like that.
< That must have really hurt.
+ Please talk to someone you trust.
! Tell a teacher or a parent; you are not alone in this.
! Write down what happened and ask an adult for help.

## food
+ Maybe try another place next time.
+ You could ask for a refund.

> my {food|delivery|pizza|takeout|lunch|dinner|order} {was cold|arrived cold|was late|never came|was wrong|was terrible|came an hour late|got stolen}
> the {delivery guy|waiter|restaurant|cafe} {got my order wrong|spilled my soup|was so rude|lost my order|forgot my food|overcharged me}
= {the|this|that} {food|soup|restaurant|burger|pizza|coffee|steak|cake} {is|was} {awful|terrible|disgusting|too salty|way too expensive|undercooked|burnt}
> I found {a hair|a bug|a fly|plastic} in my {soup|salad|food|burger}
< Being hungry and disappointed is the worst.
< A bad meal can spoil the mood.
< You paid for better than that.

> I {waited|stood|queued} in line {for two hours|for an hour|for three hours|forever|all morning} and {they sold out|it was sold out|they closed|they ran out|got nothing}
> I waited {an hour|two hours|forty minutes|so long} for {a table|my food|my coffee|lunch}
> {the cake|my favorite bread|the tickets|the coffee|everything} {sold out|was sold out} {right before my turn|before I got there}
< Waiting that long for nothing would upset anyone.
< After such a long line, that is so frustrating.
+ Next time you could book ahead.
+ Next time, going early may help.
! Get something else to eat, and book ahead next time.
! Ask when they restock, and come at a quiet hour.

> I {burned dinner|burned the cake|ruined the soup|cut my finger while cooking|dropped my lunch|spilled my coffee}
< Kitchen accidents happen to everyone.
< What a pity after all that work.
+ Take care and try again slowly.

## traffic
+ Stay safe and take your time.
+ Some music may help you relax.
+ Leaving a bit earlier may help next time.

> I {got stuck|was stuck|sat} in traffic {for two hours|for an hour|all morning|forever}
> {traffic was|the traffic was|rush hour was} {terrible|awful|a nightmare|horrible}
> I {missed|just missed} {my bus|my train|my flight|the last train|the last bus|my connection}
> my {flight|train|bus|uber|taxi} {was cancelled|got cancelled|was delayed|was delayed for five hours|never showed up|was late again}
< Being stuck like that is so annoying.
< Plans falling apart on the road is stressful.
< All that waiting must have been tiring.
+ Check whether you can rebook or take another route.
! Look for the next one and ask for a refund.
! Call customer service and ask what they can offer.

> my car {broke down|wouldn't start|got towed|got scratched|got a flat tire|was stolen|ran out of gas}
> I got {a parking ticket|a speeding ticket|a flat tire|lost|into a car accident}
> my bike {was stolen|broke|got a flat tire}
< What bad luck; I hope you are safe.
< Car trouble is always a headache.
+ Call for help and contact your insurance.

> I was late {for work|for school|for a meeting|again}
< Being late is stressful.
< It happens to everyone sometimes.
+ An extra alarm may help.
! Say sorry, and leave ten minutes earlier tomorrow.
! Set two alarms and pack your bag the night before.

## shopping
+ You could ask for a refund or an exchange.
+ Keep the receipt and contact support.

> my {package|order|parcel|delivery} {got lost|was stolen|never arrived|arrived broken|is late|was sent to the wrong address}
> I {bought|got} {a fake bag|the wrong size|a broken lamp|shoes that don't fit|a jacket that fell apart|something useless}
= my new {jacket|dress|chair|bag|lamp} {broke|is a fake|doesn't fit|fell apart}
< It is frustrating to pay for that.
< You waited for it, and then this happens.

> {customer service|the support team|the store|the clerk|the seller} {was useless|was rude|ignored me|refused my refund|hung up on me|never answered}
> I {got scammed|got ripped off|was overcharged|paid too much|couldn't get concert tickets|missed the sale}
< Bad service would make anyone angry.
< That is really unfair.

## money
+ A small budget plan may help.
+ Write down your spending and take it slowly.

> I {lost my wallet|lost some money|got scammed online|got robbed|lost a hundred dollars|lost my credit card}
> {my wallet|my purse|my credit card} {was stolen|got stolen|is gone}
< Losing money hurts, I know.
< That is a nasty surprise, I am sorry.
+ If it was a scam or theft, report it quickly.
! Call the police, then ask your bank to block the card.
! Think where you last had it, and block your cards.

> I {lost money on stocks|spent too much this month|got a huge bill}
= I am {broke|in debt|out of money|worried about money|behind on rent}
> my {rent|bills|insurance} {went up|went up again|doubled}
= {everything is|prices are|rent is} {so expensive|too expensive|too high}
> my friend {didn't pay me back|owes me money|borrowed money again}
< Money worries are really stressful.
< It is hard when money is tight.

## health
+ Rest well and drink plenty of water.
+ If it gets worse, please see a doctor.
+ Take it easy today.

> I {got sick|caught a cold|got the flu|threw up|hurt my back|broke my arm|sprained my ankle|had a fever|got a bad sunburn|fell down the stairs}
= my {head|stomach|back|tooth|throat|neck|knee|ear} {hurts|hurts so much|is killing me|has been hurting all day}
= I {have a headache|have a cold|have a fever|feel sick|feel dizzy|have a toothache|am in pain|have a cough|have allergies}
< Being sick is miserable.
< That sounds painful.
< I hope you feel better soon.

> my {test results|checkup|blood test} {came back bad|was not good|looked worrying}
> I {gained ten pounds|had to get surgery|waited three hours at the hospital|broke my glasses|am losing my hair}
< It is normal to feel worried.
< That must be hard on you.
+ Follow your doctor's advice and be patient.

## family
+ Talk it over when everyone is calm.
+ Be there for each other.

> I {had a fight|argued|fought|had a big argument} with my {mom|dad|parents|sister|brother|husband|wife|family}
= my parents {don't understand me|keep fighting|are getting divorced|don't support me|always compare me|won't listen to me}
= my {mom|dad|sister|brother} {doesn't understand me|won't listen to me|is always angry at me}
> my {mom|dad|parents} {yelled at me|grounded me|got angry at me|forgot my birthday}
< Family arguments hurt the most.
< It is hard when they do not understand.

> my {grandma|grandpa|mom|dad|uncle|aunt|best friend} {passed away|died}
< I am so sorry for your loss.
< Losing someone you love is so painful.
+ Let people who love you be near.
! Let yourself be sad, and stay close to your family.
! Look at old photos and write down what you want to say.
+ Take all the time you need.

> my {grandma|grandpa|mom|dad|uncle|aunt} {is in the hospital|got sick|had a fall|had surgery}
> my {son|daughter|baby|kid} {is sick|has a fever|won't sleep|cried all night|failed a test|got hurt}
< I am so sorry to hear that.
< You must be very worried.
+ Take care of yourself as well.
! Follow the doctor and take turns with your family.
! Watch closely, and go to the hospital if anything changes.

= I {miss my family|am homesick|miss my mom|miss home|am alone on my birthday|can't go home for the holidays}
< Missing people you love is hard.
< Being far from home can feel lonely.
+ A phone call may help a lot.
! Make a video call and share your day.
! Have dinner with a friend, so you feel less alone.

> my {neighbors|neighbor|upstairs neighbors} {kept me up all night|were so loud|played loud music all night|argued all night}
> my {landlord|roommate} {raised the rent|won't fix the sink|kept my deposit|left a huge mess}
> {the power went out|the water was cut off|the roof leaked|the heating broke|the pipes burst}
< Trouble at home is hard to ignore.
< You deserve some peace at home.

## love
+ Give yourself time to heal.
+ You deserve to be treated well.

> my {boyfriend|girlfriend|husband|wife|partner|ex} {broke up with me|dumped me|cheated on me|left me|lied to me|forgot our anniversary|forgot my birthday|ignored me}
> I {got dumped|got divorced|broke up with my girlfriend|broke up with my boyfriend|got rejected by my crush|had a terrible date}
> my crush {rejected me|ignored me|has a girlfriend|has a boyfriend|blocked me|said no}
= I {miss my ex|have a broken heart|am heartbroken|feel unloved|can't find love}
< Heartbreak is really painful.
< I am sorry, that must hurt a lot.
< Matters of the heart are never easy.

## friends
+ Talk honestly when you are both calm.
+ True friends will understand.

> I {had a fight|argued|fell out|had a big fight} with my {friend|best friend|roommate|friends}
> my {friend|best friend|roommate} {lied to me|betrayed me|stood me up|ignored me|stopped talking to me|forgot my birthday|moved away|cancelled on me|talked behind my back}
< Falling out with a friend is painful.
< Being let down by someone you trust hurts.

= I {have no friends|feel lonely|feel so alone|feel left out|am lonely|have nobody to talk to}
= {nobody|no one} {understands me|cares about me|likes me|remembered my birthday|listens to me}
< Loneliness is hard, but I am glad you told me.
< I am here to chat with you.
+ A club or a hobby group can be a good start.
! Send a message to one old friend first.
! Join an activity you like and meet people slowly.

> {someone|a stranger|a guy|a lady} {cut in line|stole my seat|pushed me|was rude to me|yelled at me on the bus|stepped on my foot|stole my umbrella}
< Rude people can ruin a day.
< Anyone would be upset by that.
+ Do not let them spoil your day.
! Step away, breathe, and have some water.
! If it happens again, ask the staff for help.

## pets
+ A vet can help you best.
+ Stay close and keep it calm.

> my {dog|cat|puppy|kitten|hamster|rabbit|parrot|fish} {died|passed away}
< I am so sorry; losing a pet is heartbreaking.
< You gave it a good life.
+ Take your time to grieve.
! Give yourself time, and keep a photo of it.
! Make a small album to say goodbye.

> my {dog|cat|puppy|kitten|rabbit|parrot} {ran away|got lost|is missing}
< You must be so worried.
+ Search nearby and put up a notice.
! Call its name around your home and post a photo online.
! Take its favorite food and search again in the evening.

> my {dog|cat|puppy|kitten|hamster|rabbit|parrot} {is sick|got hurt|won't eat|had surgery}
< Pets are family, so I understand.
< Poor little one, I hope it gets well soon.
+ A vet can help you best.

> my {dog|cat|puppy|kitten} {chewed my shoes|ruined the sofa|broke a vase|peed on the bed|bit me|scratched me|kept me up all night}
< Pets can be a handful sometimes.
< Cute, but what a mess.
+ Be patient and keep training it.

## weather
+ Stay warm and have a hot drink.
+ Do not forget an umbrella next time.

= {the weather|it} is {awful|terrible|too hot|too cold|freezing|so gloomy|horrible} {today|}
= it {has been raining all week|won't stop raining|keeps raining|is raining again}
> I {got soaked in the rain|forgot my umbrella|slipped on the ice|got caught in a storm}
> {our picnic|the game|my trip} was {ruined by rain|cancelled because of the storm}
< Bad weather can really bring us down.
< That weather sounds unpleasant.

## sport
+ There is always the next game.
+ Rest well and come back stronger.

> {my team|our team|my favorite team|the home team} {lost|lost the game|lost the final|lost again|got eliminated|blew a big lead}
> I {lost my match|lost the race|missed the penalty|twisted my ankle running|pulled a muscle|got injured at the gym|came in last}
< Losing is hard when you care so much.
< You gave it a try, and that counts.

## gadgets
+ Try restarting it first, then ask for a repair.
+ Remember to back up your files.

> my {phone|laptop|computer|tablet|camera|TV|washing machine|fridge|printer|headphones|air conditioner} {broke|died|stopped working|won't turn on|crashed|got stolen|overheated}
> I {dropped my phone|cracked my screen|lost my phone|spilled coffee on my laptop|forgot my password|lost my headphones|lost my charger}
< A broken device is such a headache.
< It always happens at the worst time.

> {my files|my photos|my essay|my work|my code} got {deleted|lost|corrupted}
< Losing your work is really painful.
< All that effort gone, I understand.
+ Check for a backup before anything else.
! Do not write new files; try a recovery tool first.
! Ask a friend who knows computers, and back up from now on.

= {the internet|the wifi|my connection|this app|this website} {is so slow|is down|keeps crashing|is broken|keeps disconnecting}
< Technical trouble wastes so much time.
< It always fails when you need it most.
+ Restart it and check the connection.

> my {account|email} got {hacked|locked|banned}
< Being locked out is really worrying.
+ Contact support and change your password.
! Reset the password and turn on two-step login.
! Write to support now and warn your friends.

## travel
+ A new plan may bring a nice surprise.
+ Take it slowly and stay safe.

> {my trip|our vacation|my holiday|our road trip} {was cancelled|got cancelled|was ruined|was a disaster|fell through}
> {our hotel|the hotel|my room|our hostel} {was dirty|was too noisy|lost our booking|had no hot water|was awful|had bugs}
> {my luggage|my suitcase|my passport|my bag} {got lost|was stolen|didn't arrive|was damaged}
> I {lost my passport|got lost in a new city|got food poisoning on vacation|got carsick|was denied a visa}
< Travel trouble is so disappointing.
< You were looking forward to it, I am sorry.

## sleep
+ Try putting your phone away before bed.
+ Some soft music may help tonight.

> I {couldn't sleep at all|didn't sleep at all|only slept three hours|had a nightmare|woke up five times|stayed up all night|overslept}
= I {have insomnia|can't sleep|am so tired|am exhausted|can't get out of bed|keep waking up at night}
< A bad night makes everything harder.
< No wonder you are tired.

## fun
+ Do one small thing you enjoy.
+ Tomorrow is a new day.

> {the movie|the concert|the show|the game|the party} was {boring|terrible|a waste of time|cancelled|a huge disappointment}
> I {lost every game|lost the game again|got kicked from the game|broke my guitar}
< That is a letdown when you expected fun.
< It is annoying to waste your time.

= {today was|it was|what} {a terrible day|an awful day|a bad day|the worst day}
= {everything is going wrong|nothing works|worst day ever|I am so unlucky|I am having a bad day|nothing goes right|what a mess of a day}
< Bad days pass, even if this one is hard.
< That is a lot for one day.
+ You can tell me what happened.
+ Tomorrow is a new day.

= {I'm|I am|I feel} {so|really|very|a bit} {sad|upset|down|depressed|unhappy|heartbroken|disappointed} {today|right now|}
= I {want to cry|feel terrible|feel awful|can't stop crying|feel empty}
< I am here to listen to you.
< Everyone has low moments; you are not alone.
+ It is fine to cry for a while.
+ You can tell me what happened.

= {I'm|I am|I feel} {so|really|very|a bit} {angry|mad|annoyed|furious|frustrated|irritated} {today|right now|}
= {I hate everything|this makes me so angry|I am losing my temper|I want to scream}
< I can hear how angry you are.
< Being angry is normal; let it out.
+ Take a few deep breaths and drink some water.
+ Tell me what happened.
! Leave the place that makes you angry and walk a little.
! Write down what you want to say and talk when calm.

= {I'm|I am|I feel} {so|really|very|a bit} {stressed|anxious|nervous|worried|scared|overwhelmed|afraid} {today|right now|}
= {I can't take it anymore|I am under a lot of pressure|it is too much for me|I am panicking}
< It is normal to feel worried sometimes.
< Slow down; you do not have to do it all at once.
+ Write it down and take one thing at a time.
! Write down three worries and start with one you can change.
! Rest ten minutes, then do just one thing.
+ Breathe slowly and take a short break.

= {I'm|I am|I feel} {so|really|very|a bit} {lonely|alone|left out} {today|right now|}
< Loneliness is hard, but I am glad you told me.
+ Send a message to an old friend.

= I {give up|feel useless|feel like a failure|am not good at anything|hate myself|regret everything|am so stupid}
< Please be kind to yourself; you are better than you think.
< One failure does not make you a failure.
+ Think of one small thing you did well.
! Finish one very small thing today, then praise yourself.
! Talk to someone you trust and hear their view.

= {I'm|I am|I feel} {so|really|very|a bit} {tired|exhausted|worn out|drained} {today|right now|}
< You have worked hard and you need a rest.
+ Have something warm and go to bed early.

## work

> my <person> {yelled at me|criticized me|blamed me|was angry with me|ignored me|was unfair to me}
> I got {criticized|yelled at|blamed|scolded} by my <person>
< Hearing that from your <person> must hurt.
< Maybe your <person> was under stress, too.
+ Calm down first, then see what you can learn.
+ Talk with your <person> when things are quiet.

## study

> I {failed|messed up|bombed|did badly in} my <exam>
> my <exam> {went badly|was a disaster|was too hard}
< It is a pity about the <exam>, but you can try again.
< The <exam> was not easy, so be kind to yourself.
+ Go over your mistakes and try once more.

= <subject> is {too hard|so difficult|so confusing|killing me}
> I {failed|got a bad grade in} <subject>
< Many people find <subject> hard at first.
+ Start with the basics of <subject> and practice a little every day.

## food

> the <food> {sold out|tasted awful|made me sick|arrived cold|took forever}
> I {waited|lined up} an hour for <food> {and it sold out|and got nothing|for nothing}
< Missing out on good <food> is a letdown.
< You only wanted some <food>, so I get it.
+ Go earlier or try another place next time.

## shopping

> my {new |}<item> {broke|got stolen|fell apart|arrived broken|got lost|was a fake}
> I lost my <item>
< It is a pity about your <item>.
< Losing a good <item> like that is annoying.
+ Ask the seller for help if you can.

## gadgets

> my <gadget> {broke|died|stopped working|fell in water|was stolen|froze}
> I {broke|dropped|lost|damaged} my <gadget>
< Life without your <gadget> is not easy.
< Trouble with a <gadget> is always a headache.
+ See if it can be repaired, or borrow one for now.

## health

= my <body> {hurts|hurts a lot|is sore|is swollen|hurts again}
> I hurt my <body>
< A sore <body> is no fun at all.
+ Rest your <body>, and see a doctor if it stays bad.

## friends

> I {argued|fought|had a fight|fell out} with my <family>
= my <family> {is mad at me|won't talk to me|lied to me|ignores me}
< Trouble with your <family> must weigh on you.
+ When it is calm, talk with your <family>.

## pets

= my <petkind> is {sick|missing|hurt|not eating}
< You must be worried about your <petkind>.
+ Stay close to your <petkind> and ask a vet.

## travel

> my {flight|train|trip} to <city> was {cancelled|delayed|ruined}
> I {got lost|got sick|lost my wallet|missed my train} in <city>
< Trouble on the way is really stressful.
< That is not how <city> should have been.
+ Stay calm and look for another way.

## daily
+ Take a breath and have some water.
+ Small troubles pass quickly.

> I {lost my keys|forgot my keys|lost my glasses|lost my ID card|can't find my ring|locked myself out}
< Losing things at a bad time is so stressful.
< That is always annoying.
+ Think of the last place you used it.
! Go back to where you last had it and ask around.
! If it does not show up, get a replacement soon.

> I {slipped on the stairs|fell off my bike|hit my head|burned my hand|cut my finger|stepped in a puddle|got stung by a bee}
< Ouch, I hope you are okay.
< That sounds painful, poor you.
+ Look after it, and see a doctor if it is bad.
! Clean it, cool it, and get some rest.
! If it keeps hurting, go to a doctor.

> I {spilled coffee on my shirt|sent a message to the wrong person|said something stupid|wore two different shoes|got a terrible haircut|tore my pants|called my teacher mom}
= my new haircut is {terrible|too short|ugly}
< A bit awkward, but people forget quickly.
< It happens to all of us, don't worry.
+ Laugh it off and carry on.
! Take a breath, say sorry if needed, and move on.
! Fix what you can; it will be fine in a few days.

> the {elevator|door lock|toilet|light|heater|shower} {broke|broke again|stopped working}
> I {got stuck in the elevator|had no hot water|got locked out}
< Little breakdowns at home are tiring.
< That kind of trouble wastes so much time.
+ Call someone to fix it.
! Call a repair person and set a time.
! Stay calm, and press the help button if you are stuck.

## work

> {my meeting|the meeting} {took all day|lasted four hours|ran late|was a waste of time}
> I {had to go on a sudden business trip|worked ten days in a row|did the work of three people|had back to back meetings|had to work the night shift}
< A schedule like that would tire anyone.
< No wonder you feel drained.
+ Keep a little time just for yourself.
! Tell your manager about your schedule and ask for help.
! Do the urgent part and move the rest.
"""

# Two events in one sentence: (joint, reply) by the mood of the second half.
MIXED = {
    "POSITIVE": [(" but ", "A rough start, but I'm glad it ended well for you."), (", but luckily ", "Luckily there was something good in the end, too."),
                 (", however ", "Bitter first, sweet later; the good part counts most.")],
    "NEGATIVE": [(" but ", "Some good, some bad; enjoy the good part and fix the rest slowly."), (", but sadly ", "That is a pity, but the good part is still yours."),
                 (", and then ", "What a roller coaster; take a short break first.")],
}

NEUTRAL = """
## daily
+ What are you up to next?
+ Anything you want to talk about?
+ I am here if you want to chat.

= {I'm|I am|I'm just} {at work|at home|at school|on the bus|cooking dinner|doing homework|reading a book|watching TV|having coffee|doing laundry|cleaning my room|listening to music|waiting for the train}
= {I just|I've just} {got home|finished lunch|woke up|had breakfast|got off work|took a shower|came back from school|finished a meeting|went for a walk}
< That sounds like a normal, steady day.
< Okay, I hope the rest of your day goes well.

= {I'm going to|I plan to|I want to} {go to bed|take a shower|go to work|do some shopping|watch a movie|call my mom|clean my room|go for a walk|read a book|cook dinner|get a haircut|do my homework}
< Sounds like a good plan.
< Good idea, enjoy it.

= {I have a meeting|I have a class|I have a dentist appointment|I have a day off|I am moving|I have an exam} {tomorrow|next week|on Monday}
< Got it; a little preparation will help.
< Okay, I hope it goes smoothly.
"""

OPEN_POS = ["Great news!", "Congratulations!", "That's wonderful!", "Awesome!", "I'm so happy for you!", "Well done!",
            "How lovely!", "Nice!", "That's fantastic!", ""]
# Openers for what was achieved, for what is merely pleasant, for mishaps and for sorrow.
OPEN_JOY = ["Great news!", "That's wonderful!", "Awesome!", "I'm so happy for you!", "How lovely!", "Nice!", "That's fantastic!",
            "Sounds great!", ""]
OPEN_NEG = ["I'm sorry to hear that.", "Oh no.", "That's tough.", "I understand how you feel.", "How annoying.", "", ""]
OPEN_SAD = ["I'm sorry to hear that.", "Oh no.", "That sounds hard.", "I understand how you feel.", "", ""]
FEEL_POS = ["so happy", "I'm so happy", "I'm over the moon", "I'm thrilled", "feeling great", "I feel great", "so excited",
            "I can't stop smiling", "best day ever", "it made my day", "I'm really proud", "I love it", "yay", "woohoo",
            "I feel amazing", "what a great day", "I'm so excited", "this is awesome", "I'm grateful", "so lucky",
            "I can't believe it", "haha", "I'm delighted", "it feels so good", "so proud of myself"]
FEEL_NEG = ["I'm so angry", "so annoying", "I'm so upset", "I hate this", "I feel terrible", "so frustrated", "this sucks",
            "I'm furious", "I want to cry", "worst day ever", "I'm really sad", "so unfair", "it ruined my day", "ugh",
            "I can't believe it", "I'm so tired of this", "so disappointed", "it makes me mad", "I'm devastated", "what a mess",
            "I feel awful", "I'm so stressed", "so unlucky", "I'm exhausted", "this is ridiculous", "argh"]
TIME = ["today", "yesterday", "this morning", "this afternoon", "last night", "this week", "just now", "last week", "on Monday", "an hour ago"]
TIME_NEG = TIME
LEAD_POS = ["hi", "hello", "haha", "guess what", "good news", "you know what", "I have good news", "hey", "wow", "omg", "finally"]
LEAD_NEG = ["hi", "hey", "not my day", "ugh", "you know what", "bad news", "oh no", "sigh", "seriously", "so", "I need to vent"]

# Bad news that ends in a question, answered with the next step.
ASK = [", what should I do?", ", what now?", ", any advice?", ". What should I do?", ", what can I do?", ", can you help me?", ". Any tips?"]
FILLER = ["Take it one step at a time.", "I'm here if you want to talk."]

# What to do next, by category: answers to a follow-up question after bad news.
NEXT_STEP = {
    "work": ["List your three most important tasks, then talk to your manager.", "Rest tonight, and tomorrow solve one problem at a time."],
    "study": ["Go over your mistakes and make a small daily plan.", "Ask a teacher or a friend to explain the hard parts."],
    "food": ["Contact the restaurant and ask for a refund.", "Eat something simple now, and check reviews next time."],
    "traffic": ["Make sure you are safe, then look for another route.", "Try leaving earlier, or take the train."],
    "shopping": ["Take photos and ask the seller for a refund.", "Contact customer service and keep the receipt."],
    "money": ["Write down your spending and set a monthly budget.", "If it was a scam, tell your bank and the police."],
    "health": ["Rest, drink water, and see a doctor if it gets worse.", "Do not push yourself; a checkup is the safest choice."],
    "family": ["Pick a quiet time and say how you feel.", "Cool down first, then give them a call."],
    "love": ["Give yourself time and stay close to your friends.", "When you are calm, say honestly how you feel."],
    "friends": ["Send a short message and ask to talk.", "Think about the misunderstanding, then talk openly."],
    "pets": ["Take it to the vet and watch it for a few days.", "Ask a vet or an experienced owner."],
    "weather": ["Check the forecast and bring an umbrella and a coat.", "Stay inside until it gets better."],
    "sport": ["Rest first, then train again step by step.", "Learn from it and come back next time."],
    "gadgets": ["Restart it first, then contact the repair service.", "Back up your files and get it checked."],
    "travel": ["Ask for a refund or a new booking, then change your plan.", "Make a backup plan and take it slowly."],
    "sleep": ["Put your phone away, keep the room dark, and try soft music.", "Get up at the same time every day and drink less coffee."],
    "daily": ["Take a breath, then handle it step by step.", "Ask someone for help; it will be quicker."],
    "fun": ["Go for a walk or listen to a song you love.", "Get a good sleep; tomorrow will be better."],
}
