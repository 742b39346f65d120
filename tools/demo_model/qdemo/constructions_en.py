"""English constructions in families of several arrangements each, so that a held-out
template is a new arrangement of a known construction. Notation: templates_zh."""

TEMPLATES = """
{a-} is the last word I would use for {t}
nobody could call {t} {a-}
I would not call {t} {a-}
you could never call {t} {a-}
{t} (is|was) far from {a-}
nothing about {t} (is|was) {a-}
{t}? anything but {a-}
{t} felt anything but {a-}
this (is|was) anything but {a-}
anything but {a-}, {r+}
it (is|was) anything but {a-}, {r+}
{t} (is|was) anything but {a-}, it {p+}
I felt anything but {f-}
I am anything but {f-}
{who} felt anything but {f-}
{t} (is|was) by no means {a-}
{t} (is|was) in no way {a-}, {r+}
{t} (is|was) never {a-}, always {a+}
{t} has never been {a-}
{t} (is|was) never {a-}, {r+}
it (is|was) never {a-}
it has never been {a-}, {ad+}
never {a-}, always {a+}
never {a-}, {r+}
I have never found {t} {a-}
{t} will never be {a-}
{who} (is|was) never {f-}, {r+}
I was never {f-} with {t}
I never feel {f-}
{t} never seems {a-}
how is {t} so {a+}
how on earth is {t} (so|this) {a+}
how did {t} get so {a+}
how can anyone be this {a+}
how can something be so {a+}
how can it be this {a+}, {r+}
why is {t} so {a+}? {r+}
since when is {t} (so|this) {a+}
how {a+} {t} (is|was)
how {a+}
how {a+}, {r+}
how {deg} {a+}
it is crazy how {a+} {t} (is|was)
I can't believe how {a+} {t} (is|was)
can {t} be any more {a+}
is it possible to be more {a+}? {t} {p+}
{t} never fails to be {a+}
as always {t} (is|was) {a+}
as usual {t} {p+}
once again {t} (is|was) {deg} {a+}
{t} (is|was) {a+} every time
every time {t} {p+}
every single time {t} (is|was) {a+}
without fail {t} {p+}
{t} always {a+}, {r+}
{t} (is|was) always {deg} {a+}
{t} (is|was) still {a+}
{t} gets more {a+} every day
P:{t} never fails, {a+} as always
P:{t} never fails me, {r+}
P:{t} never disappoints, {deg} {a+}
P:{t} never fails to impress, {a+}
P:{t} has never failed me, {a+}
P:it never fails, {r+}
P:never fails, always {a+}
P:{t} never gets old, {deg} {a+}
N:{t} always fails, {deg} {a+}
N:{t} never fails to annoy me, {a+}
N:{t} fails again, {a+}
N:{t} failed me, {r+}
N:{t} never does what I want, {a+}
N:{t} never helps, {deg} {a+}
{t}: {a+} and {a+}
{t}: {a+}
{t}: {deg} {a+}, {r+}
{t}: {a+}, {a+} and {a+}
{t} - {a+}, {a+}
{t}. {a+}. {a+}. {a+}
{t}? {a+}, {a+}, {a+}
{t}? {deg} {a+}
{a+}, {a+}, {a+}
{a+}, {a+} and {a+}
{a+} and {a+}
{a+}. {a+}. {r+}
three words: {a+}, {a+}, {a+}
{t} in two words: {a+} and {a+}
my review of {t}: {a+}, {a+}
{t} (is|was) {a+}, {a+} and {a+}
{t} (is|was) {a+}, {a+}, {r+}
both {a+} and {a+}, {r+}
{t} (is|was) not only {a+} but also {a+}
{t} (is|was) not just {a+}, it {p+}
I am not {f-} any more
I am not {f-} anymore, {e+}
I am no longer {f-}
{who} (is|was) not {f-} anymore
{who} (is|was) no longer {f-}
I don't feel {f-} anymore
I do not feel {f-} today
I no longer feel {f-}, {r+}
I am not as {f-} as before
not {f-} anymore, {e+}
not {f-}, just {f+}
I was {f-}, not anymore
I used to be {f-}, now I am {f+}
I stopped being {f-}
no more {f-} days, {r+}
I will never be {f-} again
I don't think I will be {f-} again
I am not {f-} with {t} anymore, it {p+}
I can't be {f-} after this, {e+}
nobody here is {f-}
I am not even {f-}
even though {t} (is|was) {a-}, {r+}
even though {t} {p-}, {r+}
even though {e-}, {e+}
even though {e-}, I am {f+}
even though it {p-}, {r+}
even if {t} (is|was) {a-}, {r+}
although {e-}, {r+}
although {e-}, {e+}
although {t} {p-}, {r+}
although I was {f-}, {e+}
though {e-}, I am {deg} {f+}
though {t} (is|was) {a-}, {t} (is|was) {a+}
{r+} even though {e-}
{r+}, even though {t} (is|was) {a-}
{r+} although {e-}
{e-}, still {r+}
{e-} and yet {r+}
{e-}. but {e+}
{e-} but {r+}
{e-}, however {e+}, {r+}
despite the fact that {e-}, {r+}
in spite of everything {e+}
in spite of the {a-} weather, {r+}
{t} {p-}, but {r+}
{t} {p-} but {t} {p+}
it {p-} but {r+}
{t} (is|was) {a-}, yet {a+}
{a-} but {a+}
{a-}, but {r+}
a bit {a-} but {deg} {a+}
after a {a-} start {t} {p+}
{t} had a {a-} start but {p+}
despite {a-} reviews {t} {p+}
despite the {a-} beginning, {t} (is|was) {a+}
despite a {a-} morning, {e+}
in spite of a {a-} beginning, {r+}
the start was {a-}, the rest {a+}
it started {a-} but ended {a+}
first {a-}, then {a+}
{e-}, then {e+}, {r+}
{e-} earlier, but now {e+}
I thought {e-}, but {e+}
P:I feared the worst, but {t} {p+}
{who} told me {t} (is|was) {a+} and it is
{who} told me {t} (is|was) {a+}, and I agree
{who} called {t} {a+} and I agree
{who} said {t} {p+} and I agree
{who} said it (is|was) {a+}, I agree
{who} says {t} (is|was) {deg} {a+}
I agree that {t} (is|was) {a+}
I agree with {who}, {t} {p+}
as {who} said, {t} (is|was) {deg} {a+}
everybody agrees {t} (is|was) {a+}
{who} and I think {t} {p+}
{who} (think|thought) {t} (is|was) {a+}, so do I
{who} (find|found) {t} {a+} and so do I
{who} (was|were) right, {t} (is|was) {a+}
{who} said {t} (is|was) {a-} but I disagree, {r+}
{who} said {t} (is|was) {a-}, but it {p+}
{who} told me {t} (is|was) {a-}, not true, it {p+}
people say {t} (is|was) {a-}, but {t} {p+}
some say {t} (is|was) {a-}, I say {a+}
I disagree with the {a-} reviews, {t} {p+}
the reviews said {a-}, and yet {t} {p+}
I {v+} {t}, it {p+}
I {v+} {t}, {r+}
I {v+} {t} because {t} {p+}
I {v+} it because it {p+}
I {v+} it because it (is|was) {a+}
I {v+} {t} because it (is|was) {deg} {a+}
I {v+} {t} since it (is|was) {a+}
I {v+} {t} for being {a+}
because it {p+}, I {v+} {t}
it {p+}, so I {v+} it
{t} {p+}, that is why I {v+} it
the reason I {v+} {t}: it {p+}
I {v+} it, {r+}
I {v+} this
I {v+} this {em+}
I {v+} it so much
honestly I {v+} {t}
I still {v+} {t}
I {v+} {t} and {who} felt {f+}
yes, I {v+} {t}, {ad+}
I {v+} {t} {em+}
I {v+} how {t} {p+}
I {v+} everything about {t}
I used to {v-} {t}, now I {v+} it
N:I don't {v-} {t} because it {p+}
N:I don't {v-} it at all
N:I don't {v-} this, {r+}
N:I never {v-} {t}
N:I used to {v-} {t}, not anymore
N:I no longer {v-} {t}
N:I don't really {v-} it
N:I can't say I {v-} {t}
what {i+}
what {i+}, {r+}
what {i+}, {e+}
what {i+} {t} (is|was)
{i+}
{i+}, {r+}
{i+}, {t} {p+}
{i+}, nothing less
talk about {i+}
talk about {i+}, {t} {p+}
this is {i+}, {t} (is|was) {a+}
{t} (is|was) truly {i+}
{t} (is|was) really {i+}, {ad+}
{t} turned out to be {i+}
{t} felt like {i+}
it felt like {i+}, {r+}
{e+}, what {i+}
{e+}. it (is|was) {i+}
for me {t} (is|was) {i+}
{who} called it {i+}
I call that {i+}
{t} (is|was) {a+}, {i+}
N:hardly {i-}, {r+}
N:hardly {a-}
N:{t} (is|was) hardly {a-}
N:{t} hardly {a-}, {t} {p+}
N:it (is|was) hardly {a-}
N:scarcely {a-}, {r+}
N:barely {a-}, {r+}
N:not exactly {a-}
N:not exactly {a-}, {r+}
N:{t} (is|was) not exactly {a-}
N:{t} (is|was) nowhere near {a-}
N:nothing {a-} about {t}
N:there is nothing {a-} about this
N:no {a-} moments at all, {r+}
N:far from {a-}
N:far from {a-}, {r+}
N:{t} (is|was) far from {a-}, it {p+}
N:{t} (is|was) not {a-} enough
N:not {a-} enough, {r+}
N:{t} (is|was) less {a-} than I hoped
N:{t} (is|was) not as {a-} as before
N:{t} (is|was) not that {a-}
N:not that {a-}
N:{t} didn't turn out {a-}
N:{t} doesn't look {a-}
N:I don't think {t} (is|was) {a-}
N:I don't find it {a-}
N:if only {t} (was|were) {a-}
N:I hoped {t} would be {a-}, but it {p+}
N:I expected {a-}, I got {a+}
N:they promised {a-}, {t} {p+}
N:they said {a-}, it (is|was) {a+}
N:what happened to {t}, it used to be {a-}
N:{t} (is|was) too {a+} for me
N:too {a+}
N:too {a+}, {r+}
N:way too {a+}, {ad+}
N:why is it so {a+}, {r+}
N:why does {t} have to be so {a+}
N:how can you sell something so {a+}
N:is this supposed to be {a-}?
N:{e+} and nobody helped
N:{e+} and I don't know what to do
N:{e+} and now I am {f+}
N:{e+} for the second time this week
N:{e+}, why me
N:because of {t} {e+}
N:just when I was {f-}, {e+}
N:first {e+}, then {e+}
N:to make things worse, {e+}
N:as if that was not enough, {e+}
N:{time} {e+} and then {e+}
N:I spent (all my money|a fortune|three hours) and {t} {p+}
N:I (hate|regret) to say it, but {t} {p+}
N:no idea why people {v-} {t}, it {p+}
N:warning: {t} {p+}
N:do not {v-} {t}, it {p+}
P:what a relief, {e+}
P:yay, {e+}
P:good news: {e+}
P:the best part: {e+}
P:so happy that {e+}
P:I am so glad that {e+}
P:just found out that {e+}, {r+}
P:after (weeks|months|years) of waiting {e+}
P:after a long (day|week|year) {e+}
P:against all odds {e+}
P:to top it all off {e+}
P:first {e+}, then {e+}
P:{e+} and then {e+}, {r+}
P:{e+} and it (is|was) {a+}
P:{e+} for the first time
P:thanks to {who}, {e+}
P:a big thank you to {t}, {p+}
P:well done to {t}, {deg} {a+}
P:three cheers for {t}, {p+}
P:{t} deserves praise, {a+}
P:nothing to complain about, {t} {p+}
P:no complaints, {t} (is|was) {a+}
P:zero problems, {t} {p+}
P:I have no bad word to say, {t} {p+}
P:nothing was {a-}, {r+}
P:there is nothing {a-} here
P:no {a-} surprises, {t} {p+}
P:no {a-} moments, {t} {p+}
P:not a single {a-} moment
P:I can't find anything {a-} about {t}
P:I can't call it {a-}, {r+}
P:I couldn't be more {f+}
P:I could not be less {f-}
P:{t} couldn't be more {a+}, {ad+}
P:{t} (is|was) as {a+} as ever
P:there is nothing more {a+} than {t}
P:not bad at all, {t} {p+}
P:{t} (isn't|wasn't) bad, {ad+}
P:surprisingly {a+}
P:I was worried for nothing, {t} {p+}
{t} (seems|seemed|looks|looked) {a+}
{t} (seems|seemed) {deg} {a+} to me
{t} turned out {a+}
{t} turned out to be {deg} {a+}
{t} made my (day|week) {a+}
{t} (is|was) {a+} and I am {f+}
{t} (is|was) {a+} and {r+}
{t} (is|was) {a+} and {p+}
{t} (is|was) {a+}: it {p+}
{t} {p+} and {p+}
{t} {p+}. {r+}
{t} {p+} {em+}
it {p+} and {p+}
it (is|was) {a+} and {a+}
it (is|was) {a+} and it {p+}
it (is|was) so {a+}
that (is|was) {deg} {a+}
that (is|was) {a+}, {r+}
this (is|was) {deg} {a+}
this {p+}
the whole thing (is|was) {a+}
the whole thing {p+}
it all {p+}
{who} (feel|felt) {deg} {f+}
{who} (look|looked|seem|seemed) {f+}
{who} (was|were) {deg} {f+} with {t}
we are all {f+}, {e+}
we are {deg} {f+}
she (is|was) {deg} {f+}
he (is|was) so {f+}, {r+}
I am so {f+} that {e+}
I am so {f+} {em+}
I have been {f+} all day
I have been {f+} since {e+}
I woke up {f+}
I went home {f+}
{f+}
{f+} {em+}
so {f+}, {r+}
{deg} {f+}
{deg} {f+} about {t}
{deg} {f+} right now
{f+} and {f+}, {r+}
{e+}. I am {f+}
{e+}. {f+}
{e+}, I feel {deg} {f+}
{e+}! {e+}
{e+} and {e+}
{e+} {time}
{e+} {time} and {r+}
{time} {t} (is|was) {a+}
{time} {t} {p+}, {r+}
{time} I am {f+}
{time} I felt {deg} {f+}
{time}: {e+}
{neu}, {r+}
{neu} and {t} {p+}
{neu} but {t} (is|was) {deg} {a+}
{neu} when {e+}
{neu}. {e+}
{neu}. {t} {p+}. {r+}
{neu}. it (is|was) {a+}
my verdict: {a+}
my verdict on {t}: {deg} {a+}
final verdict: {r+}
in short: {a+}
in short, {t} {p+}
in one word: {a+}
long story short, {e+}
short version: {t} {p+}
if I had to describe {t}, {a+}
I would describe {t} as {a+}
to sum up, {t} (is|was) {a+}
in the end {t} (is|was) {a+}
in the end {e+}
in general {t} (is|was) {deg} {a+}
to me {t} (is|was) {a+}
if you ask me, {t} (is|was) {deg} {a+}
frankly {t} {p+}
let me tell you, {t} {p+}
believe me, {t} (is|was) {deg} {a+}
trust me, {t} {p+}
the truth is, {t} (is|was) {a+}
no joke, {t} (is|was) {deg} {a+}
you know what, {t} {p+}
more {a+} than ever
{t} (is|was) more {a+} than ever
{t} (is|was) the most {a+} thing (ever|I have seen)
one of the most {a+} days of my life
one of the most {a+} things I have ever bought
I have never seen {t} so {a+}
who knew {t} could be so {a+}
N:who would call {t} {a-}? it {p+}
who says {t} (is|was) {a-}? {t} {p+}
who thinks {t} (is|was) {a-}? not me, {r+}
{t} (isn't|wasn't) {a-}, {r+}
{t} (isn't|wasn't) {a-}, it {p+}
{t} (isn't|wasn't) {a-} but {a+}
it (isn't|wasn't) {a-}, it (is|was) {a+}
it (is|was) not {a-}
it (is|was) not {a-} at all
not {a-} at all, {r+}
it (is|was) not {a-} anymore
{t} (is|was) no longer {a-}
{t} (is|was) not {a-} anymore, {r+}
{t} (is|was) less {a-} than (I feared|I thought|people say), {r+}
{t} doesn't feel {a-}
{t} didn't seem {a-}
no longer {f-}
I'm no longer {f-}, {r+}
we are no longer {f-}
she (is|was) no longer {f-}, {e+}
{who} no longer (feel|felt) {f-}
it no longer feels {a-}
I never felt {f-}
I am never {f-}
she never feels {f-}
I have never felt {f-} here, {r+}
{t} never feels {a-}
{t} never gets {a-}, {r+}
{t} never looks {a-}
you would not believe how {a+} {t} (is|was)
look how {a+} {t} (is|was)
look how {a+} it (is|was), {r+}
everybody sees how {a+} {t} (is|was)
I was surprised how {a+} {t} (is|was)
I did not expect {t} to be so {a+}
just how {a+} {t} (is|was)
how very {a+}
how {a+} of {who}
how {a+} this (is|was), {r+}
that is how {a+} it (is|was)
this could not feel more {a+}
can it get any more {a+}
could {t} be more {a+}? {r+}
each time {t} {p+}
whenever I use it, it {p+}
it always {p+}, {r+}
N:it always fails, {r+}
N:{t} always fails me, {a+}
N:{t} has failed me, {deg} {a+}
P:{t} never once failed me, {a+}
P:never failed me, {r+}
{t}? {a+}. {r+}
{t}... {deg} {a+}
{a+} and so {a+}, {r+}
I {v+} it since it {p+}
why do I {v+} {t}? it {p+}
why I {v+} it: {t} {p+}
I {v+} it so I {v+} {t} too
the thing I {v+}: {t}
I {v+} it all
I {v+} all of it, {r+}
N:I don't {v-} it
N:I do not {v-} it at all, it {p+}
"""
