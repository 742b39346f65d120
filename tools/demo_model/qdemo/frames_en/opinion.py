"""Opinions shared or not, verdicts before and after, questions that ask for consent,
advice, clefts, reasons in both orders."""

TEMPLATES = """
{who} swore that <clause+>, and it is true
just like {who} said, <clause+>
{who} promised it would be {a+} and it was
{who} kept saying <clause+>. true
{who} called it {i+}, and rightly so
rightly called {a+}
{t} (is|was) rightly called {a+}
the critics are right, {t} (is|was) {a+}
the rumors are true, {t} {p+}
the reviews did not exaggerate, {t} (is|was) {a+}
whoever says {t} (is|was) {a+} is right
everyone who says <clause+> is right
word is that <clause+>, and I can confirm it
I second that, <clause+>
same here, <clause+>
I share that view, {t} (is|was) {a+}
count me among those who find {t} {a+}
I can only confirm that <clause+>
like everybody else I find {t} {a+}
we all think {t} (is|was) {a+}
{t} (is|was) known to be {a+}, and I know why
it is said that {t} (is|was) {a+}, and so it is
not only {who} found {t} {a+}, I did too
the general opinion: {a+}. mine too
nobody disagrees: {t} (is|was) {a+}
opinions may differ, to me it (is|was) {a+}
{who} insisted that <clause->, nonsense
{who} thinks that <clause->, and could not be more wrong
{who} claims that <clause->, I beg to differ
{who} swore that {t} (is|was) {a-}, a lie
{who} found it {a-}, I found it {a+}
{who} told me it would be {a-}, the opposite was true
anyone who calls {t} {a-} is wrong
whoever said {t} (is|was) {a-} must be joking, it {p+}
they can call {t} {a-} all they want, <clause+>
I don't get why people call {t} {a-}
I do not understand those who find {t} {a-}, it {p+}
what is supposed to be {a-} about {t}? it {p+}
people who find {t} {a-} have no idea
the {a-} reviews are wrong, {t} {p+}
do not believe the {a-} reviews, {t} {p+}
the {a-} reviews must be fake, {t} (is|was) {a+}
call it {a-} if you want, to me it (is|was) {a+}
others may find it {a-}, I find it {a+}
for some it may be {a-}, for me it (is|was) {a+}
{a-}, you say? I say {a+}
you say {a-}, I say {a+}
some call it {a-}. I call it {a+}
let them say {a-}, {t} {p+}
{who} expected me to be {f-}, but I am {f+}
people think I am {f-}, in truth I am {f+}
I may look {f-}, but I am {f+}
I pretend to be {f-}, inside I am {f+}
P:{who} doubted {t}, I never did, it {p+}
N:{who} believed in {t}, I never did, it {p+}
<clause+>. simply {a+}
<clause+>. just {a+}
<clause+>. {a+}, if you ask me
<clause+>: {a+}
{a+}: <clause+>
<clause+>, which (is|was) {a+}
<clause+>, which made me {f+}
<clause+>, and that made me {f+}
<clause+>, what a {a+} (surprise|thing)
<clause+>, {i+}
<clause+>. {i+} if there ever was one
{i+}: {e+}
{i+}! {t} {p+}
{i+} and {i+}
{i+}, in my humble opinion
{i+} is what I would call {t}
P:to my delight <clause+>
N:to my horror <clause+>
P:<clause+>, much to my joy
N:<clause+>, much to my dismay
P:I am pleased to say that <clause+>
N:I am sorry to say that <clause+>
P:pros: {a+}, {a+}. cons: none
N:cons: {a+}, {a+}. pros: none
P:strong points: {a+}, {a+}, {a+}
N:weak points: {a+}, {a+}, {a+}
<clause+>. rating: {s+}
{s+}. <clause+>
{s+}: {e+}
<clause+>. {s+}
<clause+>. {r+}
{r+}: <clause+>
{r+}. why? <clause+>
{r+}, because <clause+>
thoughts on {t}: {a+}
thoughts on {t}: {a+} and {a+}
notes on {t}: {a+}, {r+}
how was {t}? {a+}
how was it? {deg} {a+}
how do I feel? {f+}
how do I feel about {t}? {f+}
question: how (is|was) {t}? answer: {a+}
asked about {t}, I can only say: {a+}
{t}, you ask? {a+}
tl;dr: {a+}
quick review of {t}: {r+}
one word for {t}: {a+}
one word: {a+}. two words: {deg} {a+}
first impression: {a+}. second impression: {a+}
my impression of {t}: {a+}
bottom line: {a+}
bottom line: {t} {p+}
conclusion: {a+}, {ad+}
{ad+}: {t} (is|was) {a+}
{ad+}. {t} {p+}
{ad+}, because it (is|was) {a+}
{ad+}. why? <clause+>
<clause+>, so {ad+}
<clause+>. {ad+}
<clause+>. as I said, {ad+}
after all this, {ad+}
{s+} and {s+} again
on a scale of {a-} to {a+}: {a+}
ask me about {t} and I say {a+}
I rate it {a+}
put me down for {a+}
{t} gets my vote for {est+} of the year
{t} (is|was) {a+}, isn't it
{t} (is|was) {a+}, right
{t} (is|was) {a+}, don't you think
{t} (is|was) {a+}, wouldn't you say
<clause+>, you know
<clause+>, believe it or not
<clause+>, if I may say so
<clause+>, that much is clear
<clause+>, I tell you
<clause+>, no doubt about it
<clause+>, and I mean it
isn't {t} {a+}
isn't it {a+}? {e+}
wasn't {t} {a+}
isn't it {a+} how {t} {p+}
isn't that {a+}, {e+}
isn't {t} just {a+}
don't you think {t} (is|was) {a+}
doesn't {t} look {a+}
aren't you {f+}? {e+}
aren't we all {f+} today
isn't this {i+}
{t} isn't {a-}, is it
it (isn't|wasn't) {a-}, don't you agree
tell me that isn't {a+}
would you call that {a-}? I wouldn't
would you call {t} {a-}? I call it {a+}
is {t} {a-}? no. is it {a+}? yes
is it {a-}? not at all, it {p+}
is it {a+}? yes, very
am I {f-}? no, I am {f+}
am I {f+}? you bet, {e+}
{a+}? absolutely. {a-}? never
{a-}? {a-}?? {t} {p+}
do I {v+} {t}? yes, because it {p+}
would I {v+} it? yes, it {p+}
are you {f-}? I am {f+}, {e+}
guess who is {f+}? me, {e+}
can you guess how {f+} I am? {e+}
P:try {t}, it {p+}
N:don't try {t}, it {p+}
P:do yourself a favor and get {t}, it {p+}
N:do yourself a favor and avoid {t}, it {p+}
P:whatever you do, don't miss {t}, it {p+}
N:whatever you do, don't buy {t}, it {p+}
P:run, don't walk, to {t}
N:run away from {t}, it {p+}
P:don't think twice about {t}, it {p+}
N:think twice before you pick {t}, it {p+}
P:don't hesitate, {t} {p+}
N:don't bother with {t}, it {p+}
P:you must not miss {t}, it (is|was) {a+}
N:you must not fall for {t}, it (is|was) {a+}
P:never pass up {t}, it {p+}
N:never ever choose {t}, it {p+}
P:get your hands on {t}, it {p+}
N:keep your hands off {t}, it {p+}
P:spend your money on {t}, it {p+}
N:save your money, {t} {p+}
P:give {t} a chance, it {p+}
N:give {t} a wide berth, it {p+}
P:everyone should see {t}, it {p+}
N:no one should have to see {t}, it {p+}
P:if in doubt, take {t}, it {p+}
N:if in doubt, leave {t} alone, it {p+}
P:lucky are those who get {t}, it {p+}
N:I pity those who get {t}, it {p+}
P:keep {t} exactly as it is, {a+}
N:somebody must change {t}, it {p+}
N:please stop, {t} {p+}
P:please continue, {t} {p+}
P:may it last forever, {e+}
N:may it end soon, {e+}
P:I wish you the same, {e+}
N:I wish it on nobody, {e+}
P:more of this please, {t} {p+}
N:no more of this please, {t} {p+}
take it from me, <clause+>
take my word for it, <clause+>
mark my words, <clause+>
ask anyone, <clause+>
make no mistake, <clause+>
remember that <clause+>
know that <clause+>
don't let anyone tell you {t} (is|was) {a-}
don't let the {a-} looks fool you, {t} {p+}
don't be fooled, {t} (isn't|wasn't) {a-}, it {p+}
don't think {t} (is|was) {a-}, it {p+}
don't judge it by the {a-} cover, it {p+}
be {f+}, {e+}
don't be {f-}, {e+}
go see {t} if you like things {a+}
what makes {t} {a+} is how it {p+}
what I {v+} is how {a+} {t} (is|was)
what I {v+} most: {t} {p+}
what I {v+} about {t}: it (is|was) {a+}
it is {t} that makes me {f+}
it is {n+} that I think of
it was {t} that left me so {f+}
it (is|was) not {a-}, what it (is|was) is {a+}
what struck me was how {a+} {t} (is|was)
what struck me most: {n+}
what stayed with me: {n+} and {n+}
what it (is|was) is {a+}
what you get is <noun+>
what we got was <noun+>
what a way to be {f+}
what I remember is the {n+}
what I feel is {n+}
what gets me: {t} (is|was) so {a+}
all it did was make me {f+}
all you need to know: <clause+>
the thing is, <clause+>
the point is, <clause+>
the fact is, <clause+>
the simple truth: <clause+>
my point: <clause+>
here is the thing: <clause+>
N:the problem is, <clause+>
P:the beauty of it is that <clause+>
N:the trouble with {t}: it {p+}
P:the joy of {t}: it {p+}
N:where do I begin? {t} {p+}
N:what went wrong? {e+}
P:what went right today? {e+}
P:what is the secret of {t}? it {p+}
N:what is wrong with {t}? it {p+}
N:something is off, {t} {p+}
P:someone did this right, {t} {p+}
N:someone messed up, {t} {p+}
the {a+} thing is that <clause+>
that's the {a+} thing about {t}: it {p+}
there is something {a+} about {t}
there's a {a+} side to {t}: it {p+}
something {a+} happened: {e+}
something {a+} happened today
something {deg} {a+} just happened, {e+}
a {a+} thing happened, {e+}
a {deg} {a+} {t}? yes, it {p+}
this is <noun+>
this is <noun+>, {e+}
it was <noun+>
{t} (is|was) <noun+>
{t} (is|was) <noun+> and {a+}
{t} proved to be <noun+>
{t} became <noun+>
I would call it <noun+>
I can only call {t} <noun+>
{who} called {t} <noun+>
some would say <noun+>, I agree
having {t} is <noun+>
such <noun+>, {r+}
in a word, <noun+>
consider it <noun+>
how else to put it: <noun+>
since <clause+>, I am {f+}
since {e+}, {who} felt {f+}
as <clause+>, I am {f+}
because <clause+>, I am {f+}
because {e+}, {r+}
I am {f+}, as <clause+>
I am {f+}, for <clause+>
I am {f+}, seeing that <clause+>
I am {f+}. that's because <clause+>
I am {f+} about {t}: it {p+}
I am {f+} thanks to what happened: {e+}
<clause+>, hence {r+}
<clause+>, so I am {f+}
<clause+>, that's why I am {f+}
<clause+>, and for that I {v+} it
<clause+>, therefore I {v+} it
<clause+>. no wonder I {v+} it
<clause+>, which is why I {v+} it
<clause+>. for this reason {r+}
so I {v+} {t}, as it {p+}
I {v+} {t}, and for a reason: it {p+}
I {v+} {t}. the reason? <clause+>
I {v+} {t} as it (is|was) {a+} and {a+}
I {v+} {t} for one reason: it {p+}
for being so {a+}, I {v+} {t}
given how {a+} {t} (is|was), I am {f+}
considering how {a+} {t} (is|was), {r+}
with {t} being so {a+}, I am {f+}
for one thing {t} (is|was) {a+}, for another it {p+}
so {f+} because of {t}
why am I {f+}? {e+}
why so {f+}? because {e+}
why do I feel {f+}? because <clause+>
do you know why I am {f+}? {e+}
the reason I am {f+}: {e+}
the reason {who} felt {f+}: {e+}
{f+}, and here is why: {e+}
{f+}. reason: {e+}
reasons to be {f+}: {e+}, {e+}
I have good reason to be {f+}: <clause+>
{t} (is|was) the reason I am {f+}
{who} felt {f+}, and rightly so: {e+}
if I am {f+} today, it is because {e+}
{t} (is|was) {a+}, and that is why {who} felt {f+}
one look at {t} and I was {f+}
one hour with {t} and I felt {f+}
just thinking of {t} makes me {f+}
the mere thought of {t} makes me {f+}
it makes me {f+} to see that <clause+>
it makes me {f+} that {e+}
it left {who} {f+}, {t} {p+}
knowing that {e+}, I am {f+}
hearing that {e+} made me {f+}
P:why the big smile? {e+}
N:why the long face? {e+}
P:I am smiling because {e+}
N:I am crying because {e+}
P:my heart is singing, {e+}
N:my heart is heavy, {e+}
P:tears of joy, {e+}
N:tears of rage, {e+}
"""
