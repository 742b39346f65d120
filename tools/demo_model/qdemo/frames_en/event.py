"""Events and predicates in frames that carry no feeling: order, time, news, lead-ins."""

TEMPLATES = """
first <clause+>, then <clause+>
first <clause+>, then <clause+>, and finally <clause+>
first {t} {p+}, then it {p+}
to begin with, <clause+>. besides, <clause+>
firstly, {t} {p+}. secondly, {t} {p+}
one, <clause+>. two, <clause+>
<clause+>. on top of that, <clause+>
<clause+>. not only that, {e+}
<clause+>, and that's not all: {e+}
<clause+>. what's more, <clause+>
<clause+>. moreover, {t} {p+}
<clause+>. in addition, <clause+>
<clause+>, plus <clause+>
<clause+>, and also <clause+>
<clause+> and <clause+>
<clause+>. <clause+>
<clause+>. <clause+>. <clause+>
the list goes on: {e+}, {e+}
three things today: {e+}, {e+}, {e+}
two things: {t} {p+} and {t} {p+}
in short: {e+}, {e+}
{e+}, {e+} and {e+}
{e+}, after that {e+}
{e+}, and soon after {e+}
{e+} and the same day {e+}
{e+} in the morning, {e+} in the evening
{e+} on Monday and {e+} on Tuesday
day one: {e+}. day two: {e+}
not only {e+}, {t} {p+} too
both {t} and {t} (is|was) {a+}
{t} {p+}, so does {t}
either {e+} or {e+}, one of those {a+} days
every (day|morning|week) {t} {p+}
day after day {t} {p+}
again and again {t} {p+}
over and over {t} {p+}
more often than not {t} {p+}
more than once {t} {p+}
nine times out of ten {t} {p+}
time and again it {p+}
each visit the same: {t} {p+}
from day one {t} {p+}
from the very first minute {t} {p+}
right from the start {t} (is|was) {a+}
to this day {t} {p+}
to the very end {t} (is|was) {a+}
so far {t} {p+}
up to now {t} (is|was) {a+}
as of today {t} {p+}
since yesterday {t} {p+}
lately {t} {p+}
these days {t} (is|was) {a+}
ever since I got it, it {p+}
for months now {t} (has been|was) {a+}
all year long {t} (has been|was) {a+}
in the last few days {t} (was|became) {a+}
after all these years {t} (is|was) still {a+}
after one week {t} {p+}
by the end I was {f+}
by noon I was {f+}
within a week {e+}
minutes later {e+}
the next day {e+}
three days in, {e+}
halfway through, {e+}
at the very last moment {e+}
just this minute {e+}
all of a sudden {e+}
out of nowhere {e+}
out of the blue {e+}
before I knew it, {e+}
one fine day {e+}
for the (third|tenth) time {e+}
once more {e+}
and now {e+}
and then {e+}
and just like that, {e+}
this time {e+}
this year {e+}
it took a while, but {e+}
it finally happened, {e+}
it happened: {e+}
it is official, {e+}
breaking news: {e+}
update: {e+}
today's news: {e+}
status: {f+}. reason: {e+}
mood: {f+}
mood today: {f+}, {e+}
current mood: {f+} {em+}
feeling: {f+}
dear diary, {e+}
diary: {e+}. {f+}
turns out {e+}
it turns out that <clause+>
as it turned out, <clause+>
I just heard that {e+}
I just learned that {e+}
I see that {e+}
word came that {e+}
they told me that {e+}
{who} called to say that {e+}
{who} wrote that {e+}
{who} cannot believe that {e+}
the news is in: {e+}
have you heard? {e+}
did you hear that {e+}
you'll never guess: {e+}
you won't guess what happened: {e+}
listen to this: {e+}
I have to tell you that {e+}
I must tell you, {e+}
I told nobody yet, but {e+}
I still can't believe that {e+}
I could hardly believe it, {e+}
who would have thought that {e+}
who would have thought it? {e+}
believe it or not, {e+}
as luck would have it, {e+}
to everyone's surprise {e+}
I am still thinking about it: {e+}
I will never forget how {e+}
I will always remember the day {e+}
that was the day {e+}
{who} saw it too: {e+}
{e+}, it is hard to believe
{e+}, just like last year
{e+}, of all things
{e+}, imagine that
{e+}, and {who} saw it
{e+}, and everyone knows
{e+}, as you may have heard
{e+}. that's all I can think of
{e+}. I still can't believe it
{e+}. I told {who} at once
{e+}. that says it all
{e+}, that's my news
{e+}, how {a+} is that
{e+}, how {a+}
{e+}, which is {a+}
{e+}, so {f+}
{e+}, that was {a+}
{e+}, so the day ended {a+}
{e+}, {a+} or what
{e+}. {a+}
{e+} and I can't stop thinking about it
{e+} and the whole family knows
{e+} and it shows
{time}, {t} {p+}. {r+}
{time} it {p+}
{time} it (is|was) {a+}
{time} was {a+}, {e+}
{neu}. then {e+}
{neu}, and guess what, {e+}
{neu}. what happened? {e+}
{neu}. result: {e+}
{neu}. the result (is|was) {a+}
{neu}. when I got back, {e+}
{neu}. in the end {who} felt {f+}
{neu}. my impression: {a+}
{neu}. long story short: {r+}
{neu}. I am {f+}
{neu}. I {v+} it
{neu}. I {v+} {t}, it {p+}
{neu}. it {p+}
{neu}. it {p+} and {p+}
{neu}. <clause+>
{neu} and <clause+>
{neu}. now <clause+>
{neu}. what can I say? <clause+>
{neu}. how it was? {a+}
{neu}. not {a-}, but {a+}
{neu}. everybody (is|was) {f+}
{neu}. <noun+>
{neu}, it (is|was) <noun+>
{neu}, and what a {a+} day it was
{neu}, and it left me {f+}
{neu} and came back {f+}
{neu} because {t} {p+}
{neu}, but it (is|was) {a+}
so {neu}. <clause+>
well, {neu}. <clause+>
last year {neu}. this year {e+}
it was a normal day. then {e+}
nothing special planned, then {e+}
on the way there {e+}
on the way back {e+}
while we were there, {e+}
while I was waiting, {e+}
in the middle of it all {e+}
I was just sitting there when {e+}
I was having breakfast when {e+}
I noticed that {t} {p+}
I found out that {t} {p+}
I can tell you that {t} {p+}
I can confirm that {t} {p+}
I hear that {t} {p+}
I know that {t} {p+}
I think {t} {p+}
I believe {t} (is|was) {a+}
I feel that {t} (is|was) {a+}
I must say {t} (is|was) {a+}
as you can see, {t} {p+}
as far as I can tell, {t} (is|was) {a+}
in my experience {t} (is|was) {a+}
in my eyes {t} (is|was) {a+}
in the eyes of {who} {t} (is|was) {a+}
speaking for myself, {t} {p+}
personally I find {t} {a+}
(clearly|obviously|evidently) {t} {p+}
(clearly|obviously|frankly) {t} (is|was) {a+}
somehow {t} {p+}
look, it {p+}
see? {t} {p+}
listen, {t} (is|was) {a+}
yes, it {p+}
and yes, {t} {p+}
well, {t} (is|was) {a+}
oh, it {p+}
I mean, {t} (is|was) {a+}
it is a fact that {t} {p+}
it is clear that {t} (is|was) {a+}
{t}, which {p+}, (is|was) {a+}
{t}, the one from {who}, {p+}
{t}, {a+} and {a+}, {p+}
{t} in particular {p+}
{t}, of course, {p+}
{t} as a whole (is|was) {a+}
{t} as well as {t} (is|was) {a+}
{t} - it {p+}
{t}! it {p+}
{t}? it {p+}
{t}? yes, {a+}
that thing {p+}
this one {p+}
this one (is|was) {a+}
mine {p+}
ours (is|was) {a+}
theirs (is|was) {a+} and {p+}
everything here (is|was) {a+}
all in it (is|was) {a+}
{t} {p+} and left {who} {f+}
{t} {p+}, leaving me {f+}
{t} {p+}, making everyone {f+}
{t} {p+}, as always
{t} {p+}, every day a little more
{t} {p+}, and {who} agreed
{t} {p+}, and so say all of us
{t} {p+}. result: I am {f+}
{t} {p+}. and it {p+}
{t} {p+}. {a+}, {a+}
{t} {p+}, then it {p+}
{t} {p+} while it {p+}
{t} still {p+}
{t} (is|was) still so {a+} and {p+}
I left {f+}
we left {f+}, {r+}
everyone went home {f+}
I ended up {f+}
I came out {f+}
it got me {f+}
it turned {who} {f+}
{who} came home {f+}, {e+}
{who} went to bed {f+}
{who} called me, {f+} as never before
{who} told me about {t}, {deg} {f+}
you can see how {f+} {who} (is|was)
you could hear how {f+} {who} (was|were)
my face says it all: {f+}
half {f+}, half {f+}
{f+} today, {f+} tomorrow
today I am {f+}, tomorrow too
to be {f+} like this, {e+}
being {f+} all day, {e+}
{f+} about everything right now
I, for one, am {f+}
P:the good news is that {e+}
N:the bad news is that {e+}
P:the highlight of my day: {e+}
N:the low point of my day: {e+}
P:another good day, {e+}
N:another bad day, {e+}
P:it paid off, {e+}
N:it was all in vain, {e+}
P:pinch me, {e+}
N:wake me from this nightmare, {e+}
P:as if that were not good enough, {e+}
N:as if that were not bad enough, {e+}
P:as a bonus {e+}
N:to add insult to injury, {e+}
P:the icing on top: {e+}
N:the final blow: {e+}
P:my lucky day, {e+}
N:not my day, {e+}
P:things are looking up, {e+}
N:it never rains but it pours, {e+}
P:hard work pays off, {e+}
N:I should have known better, {t} {p+}
P:I should have come sooner, {t} {p+}
N:it took one second and {e+}
P:it took years of work, but {e+}
P:we can breathe again, {e+}
N:I can't breathe, {e+}
P:the wait is over, {e+}
N:still waiting, {t} {p+}
P:I made it, {e+}
N:I messed up, {e+}
P:somebody up there likes me, {e+}
N:somebody up there hates me, {e+}
P:a weight off my mind, {e+}
N:one more thing to worry about, {e+}
P:tonight we celebrate, {e+}
N:tonight I cry, {e+}
P:champagne for everyone, {e+}
N:there go my plans, {e+}
N:there goes my weekend, {e+}
N:all that money and {t} {p+}
N:two hours of waiting and {t} {p+}
P:for so little money {t} {p+}
P:that is how you do it, {t} {p+}
N:that is not how you do it, {t} {p+}
P:I could get used to this, {t} {p+}
N:I will never get used to this, {t} {p+}
"""
