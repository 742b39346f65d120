"""Exclamation, hyperbole, comparison, superlatives, resultatives."""

TEMPLATES = """
boy, (is|was) {t} {a+}
man, (is|was) {t} {a+}
oh boy, am I {f+}
wow, am I {f+}
(am|was) I ever {f+}, {e+}
oh how {a+}, {e+}
my goodness, {t} (is|was) {a+}
oh my, how {f+} I am
so this is what {a+} looks like
now that (is|was) {a+}
now that is what I call {a+}
this is what {a+} means
if that isn't {a+}, what is
if this isn't {i+}, I don't know what is
if {t} (isn't|wasn't) {a+}, nothing is
did {t} ever turn out {a+}
there goes {t}, {a+} as always
how much {er+} can it get
how much more {a+} can {t} get
what could be {er+}? {r+}
what could be more {a+} than {t}
could anything be {er+}
could anything be more {a+}? {r+}
is there anything {er+} than {t}
is anyone as {f+} as I am
has anyone ever been so {f+}
have you ever seen anything so {a+}
did you ever meet anyone as {a+}
have you ever felt this {f+}? {e+}
show me something more {a+}
show me anything {er+}
name one thing {er+} than {t}
I dare you to find something {er+}
I challenge anyone to find {t} {a-}
where else do you find something so {a+}
what did I do to deserve this? {e+}, so {a+}
imagine {t} being this {a+}
think of the {est+} thing you know, {t} (is|was) {er+}
a thousand times {er+} than the old one
ten times more {a+} than expected
a hundred times more {a+}
a million times yes, {t} (is|was) {a+}
by far the {est+}
by far the most {a+} of them all
easily the {est+} thing I own
hands down the {est+} one
the {est+} one I ever had
the {est+} day of the year, {e+}
the {est+} day I can remember
the {est+} thing about {t}: it {p+}
the {est+} part of {t}: it {p+}
the {est+} part of the day: {e+}
the most {a+} part: {t} {p+}
the most {a+} people I ever met
the {est+} of all, {t} {p+}
among the {est+} I have seen
among the most {a+} things I know
one of the {est+} things in my life
of all the people I know, {t} (is|was) the {est+}
of everything we tried, {t} (is|was) the most {a+}
no contest, {t} (is|was) the {est+}
quite possibly the {est+} thing ever
my {est+} day so far
our {est+} week in years, {e+}
this must be the {est+} one there is
{t} must be the most {a+} in the world
{t} ranks with the {est+}
the word {a+} was invented for {t}
look up {a+} in the dictionary and you find {t}
{t} takes {a+} to a new level
{t} sets a new standard for {a+}
{t} (is|was) {er+} than all the others
{t} (is|was) {er+} than (before|last time|last year)
{t} (is|was) even {er+} than (before|last time|I thought)
{t} (is|was) so much {er+} now
{t} (is|was) far {er+} than the last one
{t} got {er+}
{t} keeps getting {er+}
{t} gets {er+} every week
getting {er+} and {er+}
{er+} and {er+} every day
more and more {a+}
{t} (is|was) getting more {a+} by the hour
{t} gets {er+} each time I look
even {er+} than (I remember|the first time)
{er+} than ever
somehow even {er+}, {r+}
{er+} than anything I know
{t} makes everything {er+}
{t} made my life {er+}
my day just got {er+}, {e+}
things are getting {er+}, {e+}
the longer it lasts the {er+} it gets
the more I use it, the {er+} it gets
the more I see of {t}, the more {f+} I get
the more I think about it, the more {f+} I am
{t} (is|was) as {a+} as it gets
{t} (is|was) as {a+} as they come
as {a+} as one can be
every bit as {a+} as (promised|I remember|they say)
just as {a+} as (the first time|in the ad|last year)
{t} (is|was) just as {a+} as the first time
twice as {a+} as (before|the old one)
{t} (is|was) as {a+} as {a+} can be
{t} (is|was) equally {a+} and {a+}
{t} (is|was) not half as {a-} as I feared
not nearly as {a-} as last year
nowhere near as {a-} as (before|they say)
far less {a-} than (last time|people think)
{t} (is|was) less {a-} than {a+}
less {a-}, more {a+}
more {a+} than {a-}
{t} (is|was) more {a+} than {a-}
{a+} rather than {a-}
{t} (is|was) {a+} rather than {a-}
I would call it {a+} rather than {a-}
closer to {a+} than to {a-}
not so much {a-} as {a+}
{t} (is|was) not so much {a-} as {a+}
not {a-} but {a+}, {r+}
{t} (is|was) {a+}, not {a-}
{a+}, not {a-}
the opposite of {a-}
{t} (is|was) the very opposite of {a-}
{t} (is|was) everything but {a-}
{a-}? quite the opposite, {t} {p+}
{a-}? on the contrary, {a+}
{t}, {a-}? on the contrary
{a+} as hell
{a+} beyond words
{a+} beyond belief, {r+}
{t} (is|was) {a+} beyond measure
{a+} to the core
{a+} through and through
{a+} in every (way|detail|respect)
{a+} on every level
{a+} in all respects
{a+} to the last detail
{a+} all the way
{a+} all around, {ad+}
{t} (is|was) {a+} in every respect
{a+} no matter how you look at it
{a+} from top to bottom
{a+} inside and out
{a+} from morning till night
{t} (is|was) (insanely|ridiculously|unbelievably|awfully|terribly) {a+}
{t} (is|was) (perfectly|downright|plain|positively|utterly) {a+}
(insanely|ridiculously|crazy|wildly|terribly) {a+}
(perfectly|downright|plainly|utterly|thoroughly) {a+}, {r+}
{t} (is|was) (painfully|scarily|stupidly|outrageously) {a+}
I am (ridiculously|terribly|awfully|insanely) {f+}
I feel (perfectly|utterly|positively|thoroughly) {f+}
(remarkably|strikingly|notably) {a+}
(consistently|reliably|invariably) {a+}
how (insanely|ridiculously|unbelievably) {a+}
{t} (is|was) so {a+} that (I had to sit down|words fail me|I told everyone)
{t} (is|was) so {a+} that (people stared|nobody spoke|I could cry)
{t} (is|was) so {a+} I almost cried
it (is|was) so {a+} I still think about it
so {a+} that I told {who}
so {a+} you have to see it to believe it
so {a+} it is hard to describe
so very {a+}
ever so {a+}
oh so {a+}, {em+}
too {a+} to describe
{t} (is|was) too {a+} for words
{t} (is|was) {a+} enough to make {who} feel {f+}
{a+} enough to tell everyone about it
{a+}, to say the least
{t} (is|was) {a+}, to say the least
{a+}, to put it mildly
{t} (is|was) {a+}, to put it mildly
{a+} is an understatement
to call {t} {a+} is an understatement
to say {t} (is|was) {a+} would be putting it mildly
{a+} does not begin to describe {t}
{a+}? that is putting it mildly
{a+} isn't even the word for it
more than {a+}
{t} (is|was) more than {a+}
beyond {a+}
{t} (is|was) beyond {a+}
{a+}, {a+} and once more {a+}
{a+} with a capital letter
{a+} times ten
{a+} squared
did I mention how {a+} {t} (is|was)
have I told you how {a+} {t} (is|was)
I keep telling everyone how {a+} {t} (is|was)
I could go on for hours about how {a+} {t} (is|was)
remember how {a+} {t} (is|was)
I had forgotten how {a+} {t} (is|was)
it still amazes me how {a+} {t} (is|was)
see for yourself how {a+} {t} (is|was)
let me tell you how {a+} {t} (is|was)
it hit me how {a+} {t} (is|was)
it shows how {a+} {t} (is|was)
strange how {a+} it (is|was)
you should see how {a+} {t} (is|was)
if you knew how {a+} {t} (is|was)
you can imagine how {f+} I was
imagine how {f+} I was when {e+}
nobody knows how {f+} I am
if you knew how {f+} I am
you have no idea how {f+} I am
it is incredible how {f+} one can be
I can't tell you how {f+} I am, {e+}
I am {f+} beyond words
I am {f+}, to put it mildly
{f+} is an understatement
so {f+} I could (burst|scream|cry)
so {f+} that I could not speak
so {f+} that I told everyone
too {f+} to (sleep|speak|think)
too {f+} for words, {e+}
{f+} to the bone
{f+} from head to toe
{f+} through and through
{f+} like never before
{f+} beyond measure, {e+}
more {f+} than words can say
more {f+} than {f-}
more {f+} than I have been in years
{f+} rather than {f-}
{who} (was|were) more than {f+}
I am {f+}, {f+} and {f+}
I feel equally {f+} and {f+}
I feel nothing but {n+}
{f+}? more than that, {e+}
{f+} does not begin to describe it
I am the most {f+} person on earth
I was never more {f+} than today
as {f+} as I have ever been
I feel as {f+} as on my first day
what {n+}
what {n+}, {e+}
oh the {n+}
so much {n+}
so much {n+} in one place
so much {n+}, {r+}
full of {n+}
{t} (is|was) full of {n+}
{t} (is|was) full of {n+} and {n+}
{t} (is|was) pure {n+}
{t} (is|was) a source of {n+}
{t} fills me with {n+}
{t} means {n+} and {n+}
{t} stands for {n+}
{n+} and {n+}, that is {t}
I felt such {n+} when {e+}
pure {n+}, {e+}
a lot of {n+}, {r+}
more {n+} than I can bear
I thank {t} for all the {n+}
{t} worked {av+}
{t} did {av+}
{t} did {av+}, {r+}
it all went {av+}
it went {av+}, {r+}
everything went {av+} today
things are going {av+}
it ended {av+}
{av+} done
{av+} made, {ad+}
they handled it {av+}
they treated us {av+}
I was treated {av+}
{who} slept {av+}
the day began {av+} and ended {av+}
it started {av-} but ended {av+}
although it began {av-}, it ended {av+}
{t} (is|was) run {av+}
it was all done so {av+}
how {av+} it all went
"""
