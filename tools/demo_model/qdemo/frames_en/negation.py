"""Litotes, denial, frames that only look negative, quantifiers, `only`."""

TEMPLATES = """
it would be wrong to call {t} {a-}
calling {t} {a-} would be (unfair|a lie|nonsense)
{t} can hardly be called {a-}
no one in their right mind would call {t} {a-}
I would never describe {t} as {a-}
you can't say {t} (is|was) {a-}
I can't say it (is|was) {a-}, {r+}
{t} has yet to be {a-}
{t} (is|was) neither {a-} nor {a-}
neither {a-} nor {a-}, {r+}
neither {t} nor {t} (is|was) {a-}
not {a-}, not {a-}, but {a+}
not one bit {a-}
not a bit {a-}, {r+}
{t} (is|was) not in the least {a-}
{t} (is|was) not remotely {a-}
{t} (is|was) not the slightest bit {a-}
it (is|was) not even close to {a-}
in no sense {a-}, {ad+}
at no point (is|was) {t} {a-}
at no time did I feel {f-}
not for a second did I feel {f-}
not for one moment (was|is) it {a-}
there isn't a {a-} thing about it
there (is|was) not one {a-} minute
there has never been a {a-} day with {t}
I have not had one {a-} day since {e+}
not a trace of {n-}
there (is|was) no trace of {n-}, {r+}
not a hint of {n-} in {t}
no sign of {n-}, only {n+}
no {n-}, no {n-}, only {n+}
no {n-} at all
zero {n-}, {r+}
{t} (is|was) without any {n-}
{t} (is|was) devoid of {n-}
{t} has no {n-}
where is the {n-}? I only see {n+}
the days of {n-} are over
goodbye {n-}, hello {n+}
no more {n-}, {e+}
gone are the {a-} days
{t} has stopped being {a-}
{t} (is|was) {a-} no more
{t} brings nothing but {n+}
{t} gave us nothing but {n+}
nothing but {n+} from {t}
nothing but {n+}, {r+}
all I got was {n+}
all I felt was {n+}
all we found was {n+} and {n+}
only {n+} and {n+}, {r+}
nothing short of {a+}
{t} (is|was) nothing short of {a+}
little short of {a+}, {r+}
{t} (is|was) no less than {i+}
nothing other than {i+}
{t} (is|was) nothing if not {a+}
{t} (is|was) never less than {a+}
never anything but {a+}
never not {a+}
I have never known {t} to be anything but {a+}
{t} couldn't be {er+}
{t} could not have been {er+}
it could hardly be more {a+}
{t} could scarcely be {er+}
it can't get {er+} than this
it does not get more {a+} than this
it doesn't get {er+}, {r+}
{t} couldn't have been more {a+}
I could not possibly be more {f+}
{who} could hardly be more {f+}
no day could be {er+}, {e+}
nothing could be {er+}
nothing could be more {a+} than {t}
nothing is {er+} than {t}
no one is more {a+} than {t}
no place (is|was) ever {er+}
never have I been so {f+}
never before had {t} been so {a+}
never in my life have I seen anything so {a+}
I have never had a {er+} (day|time|week)
I never knew {t} could be this {a+}
rarely have I seen something so {a+}
seldom (is|was) anything so {a+}
I don't remember ever being so {f+}
I don't know when I was last this {f+}
I can't imagine anything {er+}
I can't think of a {er+} (way|day|place)
there is no {er+} feeling
you won't find a {er+} (place|one) anywhere
you will not find anything more {a+}
words can't describe how {a+} {t} (is|was)
words cannot express how {f+} I am
words fail me, {t} (is|was) so {a+}
there are no words for how {a+} it (is|was)
I can't put into words how {f+} I am
I can't get over how {a+} {t} (is|was)
I can't stress enough how {a+} {t} (is|was)
I can't repeat it often enough: <clause+>
one cannot overstate how {a+} it (is|was)
I can't help feeling {f+}
I can't help but {v+} {t}
I couldn't stop feeling {f+}
I could not hide how {f+} I was
there is no denying that <clause+>
there is no doubt that <clause+>
nobody can deny that <clause+>
I won't deny that <clause+>
it can't be denied, <clause+>
no question, <clause+>
I am not exaggerating, <clause+>
I am not lying, <clause+>
not going to lie, <clause+>
no two ways about it, <clause+>
not surprisingly, <clause+>
it is no surprise that <clause+>
needless to say, <clause+>
no wonder {who} felt {f+}, <clause+>
no matter what they say, <clause+>
no matter what I do, {t} {p+}
no matter when I go, {t} (is|was) {a+}
I don't care what people say, <clause+>
I don't mind saying that <clause+>
without exaggeration, <clause+>
without question {t} (is|was) {a+}
without any doubt {a+}
undeniably {a+}
beyond question {a+}, {ad+}
it isn't true that <clause->
it is not true that {t} (is|was) {a-}, it {p+}
it is simply false that <clause->
it is a myth that {t} (is|was) {a-}
don't believe that {t} (is|was) {a-}
don't tell me {t} (is|was) {a-}, it {p+}
I very much doubt that {t} could be {a-}
I can't see anything {a-} in {t}
I see nothing {a-} here
I fail to see what is {a-} about {t}
I have yet to find anything {a-} about it
I looked for something {a-} and found nothing
how could I be {f-}? {e+}
how could anyone be {f-} after this? {e+}
who could be {f-} now? {e+}
why would I be {f-}? {e+}
no reason to be {f-}, {e+}
nothing to be {f-} about, {e+}
every reason to be {f+}, {e+}
it is hard to be {f-} when {e+}
it is impossible not to be {f+}
you can't not be {f+}
nobody could stay {f-} here
not one of us was {f-}
none of us felt {f-}
neither {who} nor I felt {f-}
no one went home {f-}
it is impossible not to {v+} {t}
you can't not {v+} it
how could anyone {v-} {t}
how can you not {v+} {t}
who wouldn't {v+} {t}
who would ever {v-} {t}
nobody could {v-} {t}
I could never {v-} {t}
I have no reason to {v-} {t}
it is easy to {v+} {t}
it is hard to {v-} {t}
I see every reason to {v+} it
I did not {v-} it one bit
I can't bring myself to {v-} {t}
not that I {v-} it, quite the opposite
P:what's not to {v+}? {t} {p+}
P:I can't get enough of {t}
N:I have had enough of {t}
P:I never get tired of {t}
N:I never want to see {t} again
P:I never want {t} to end
N:I can't wait to get rid of {t}
P:I can't wait to come back to {t}
P:I can't thank {t} enough
P:we can't thank {t} enough, {p+}
N:I can't complain enough about {t}
N:I can't warn you enough about {t}
P:I can't praise {t} enough
P:I can't recommend {t} enough
N:I can't take it anymore, {e+}
P:you can't beat {t}
P:nothing compares to {t}
P:no other one comes close to {t}
N:nothing can save {t} now, it {p+}
N:nothing helps, {e+}
P:nothing can spoil my mood, {e+}
P:I couldn't ask for more, {e+}
P:I could not ask for a {er+} (day|life|start)
N:I couldn't take any more, {e+}
P:I wouldn't change a thing about {t}
N:I would change everything about {t}
P:I would not trade {t} for anything
N:I would trade {t} for anything else
P:I have nothing but praise for {t}
N:I have nothing but complaints about {t}
P:not once did {t} let me down
N:not once did {t} help me
P:nobody does it better than {t}
N:nobody deserves this, {e+}
P:it can't get any better, {e+}
N:it can't get any worse, {e+}
P:what more could I want, {e+}
N:what else can go wrong, {e+}
P:not a cloud in the sky and {e+}
N:not a word of apology, {t} {p+}
N:no apology, no refund, {t} {p+}
P:no delays, no trouble, {t} {p+}
P:I have never once regretted {t}
N:I have regretted {t} ever since
P:I regret not trying {t} sooner, it {p+}
N:I regret ever trying {t}, it {p+}
P:my only regret is that I did not find {t} sooner
N:my biggest regret is {t}
P:I was wrong to doubt {t}, it {p+}
N:I was wrong to trust {t}, it {p+}
P:the only bad thing about {t} is that it ended
N:the only good thing about {t} is that it ended
every part of {t} (is|was) {a+}
every bit of it (is|was) {a+}
each and every minute (is|was) {a+}
every single one of them (is|was) {a+}
all of it (is|was) {a+}, {r+}
hardly any part of {t} (is|was) {a-}
hardly anything about {t} (is|was) {a-}
almost nothing about it (is|was) {a-}
almost everything about {t} (is|was) {a+}
most of {t} (is|was) {a+}
few things are as {a+} as {t}
few things make me as {f+} as {t}
not a single thing about {t} (is|was) {a-}
not one thing (is|was) {a-}, {r+}
none of it (is|was) {a-}
no part of {t} (is|was) {a-}
nobody there was {f-}
everybody there was {f+}
everyone left {f+}
almost everyone was {f+}, {e+}
for once {t} (is|was) not {a-}
for once I am not {f-}
for the first time in weeks I am not {f-}
the only word for {t} is {a+}
only one word comes to mind: {a+}
the only thing I felt was {n+}
only {t} can be this {a+}
only here do I feel {f+}
if anything, {t} (is|was) {a+}
{a-}? if anything {a+}
the one thing {t} is not: {a-}
whatever {t} (is|was), it (isn't|wasn't) {a-}
{t} (is|was) many things, but not {a-}
say what you like, {t} (isn't|wasn't) {a-}
it did not go {av-}
it did not go {av-} at all, {r+}
nothing went {av-} today
{t} does not do {av-}
I was not treated {av-}
it never ends {av-}
"""
