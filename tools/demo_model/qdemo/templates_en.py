"""English sentence templates; the notation is that of templates_zh."""
from . import constructions_en, frames_en

MACROS = frames_en.MACROS
TEMPLATES = frames_en.TEMPLATES + constructions_en.TEMPLATES + """
talk about {a+}
talk about {a+}, {r+}
truly {i+}
that (is|was) {i+}, {t} {p+}
I found {t} {a+}, {who} did too
I found it {deg} {a+}
I thought it (is|was) {a+}
I consider {t} {a+}
{who} consider {t} {a+}
I would call {t} {a+}
you could call it {a+}
N:{t} didn't seem very {a-}
N:{t} did not feel {a-}, {r+}
N:it (is|was) not so {a-}
N:{t} (is|was) not so {a-}, {r+}
N:I wished for something {a-}, but {t} {p+}
N:I wanted something {a-}, but it (is|was) {a+}
N:they called it {a-}, it {p+}
N:it (is|was) too {a+}
N:it (is|was) a bit {a+}, {r+}
N:{t} (is|was) kind of {a+}
N:why must {t} be this {a+}
N:{e+} and why me
N:again {e+}
N:not again, {e+}
P:the best thing today: {e+}
P:the good part: {t} {p+}
P:congratulations to us, {e+}
P:congrats, {e+}
{e+}, {r+}
{e+}, {r+} {em+}
{e+}. {r+}
{e+} and {r+}
{e+} and I am {deg} {f+}
{time} {e+}, {r+}
{time} {e+}
{time} {e+} and I feel {f+}
{time}, {e+}. {r+}
{r+}, {e+}
{r+}! {e+}
{e+}
{e+} {em+}
{r+}
{r+} {em+}
{r+}, {r+}
{t} (is|was) {deg} {a+}
{t} (is|was) {a+}
{t} (is|was) {a+} and {a+}
{t} (is|was) {deg} {a+}, {r+}
{t} (is|was) {a+} and {a+}, {r+}
{t} (is|was) {deg} {a+} and {p+}
{t} {p+}
{t} {p+}, {r+}
{t} {p+}. {ad+}
{t} {p+} and I am {deg} {f+}
{t} (is|was) {a+}. {ad+}
{t} (is|was) {deg} {a+} {em+}
{neu} and {t} (is|was) {deg} {a+}
{neu}, {t} {p+}
{neu}. {t} (is|was) {a+}, {ad+}
{neu} and {r+}
{s+}
{s+}, {s+}
{s+} {em+}
{s+}, {r+}
{em+}
{em+} {em+}
I am {deg} {f+}
I am {f+}
(I'm|im) {deg} {f+}
(I'm|I am) {deg} {f+} (because|since) {e+}
I feel {deg} {f+} {em+}
feeling {f+} and {f+}
I feel {f+}, {e+}
{who} felt {deg} {f+}
{who} felt {f+} when {e+}
{t} made (me|us) (feel|) {f+}
{t} left me feeling {f+}
{t} (is|was) {i+}
{t} (is|was) {i+}, {r+}
(it|this|that) (is|was) {i+}
what {i+}, {t} {p+}
I {v+} {t}
I really {v+} {t}
I {v+} {t}, it (is|was) {deg} {a+}
I {v+} {t} because it {p+}
I {v+} how {a+} {t} (is|was)
{deg} {a+}
{deg} {a+}, {r+}
so {a+} and so {a+}
{a+} {em+}
what a {a+} (day|experience|place|thing)
what a {a+} (day|surprise|week), {e+}
such a {a+} (experience|thing|evening), {r+}
this is (a|one) {a+} (product|place|idea)
I (think|thought|find|found) {t} {deg} {a+}
in my opinion {t} (is|was) {a+}
to be honest {t} (is|was) {deg} {a+}
overall {t} (is|was) {a+}, {ad+}
all in all {t} {p+}
I have to say {t} {p+}
everyone says {t} (is|was) {a-} but I (find|found) it {a+}
everything about {t} (is|was) {a+}
how can {t} be (so|this) {a+}
{t} (is|was) so {a+} that {who} felt {f+}
{t} (is|was) (much|way) more {a+} than (I expected|before|the old one)
{t} (is|was) {a-} but {p+}
{t} (is|was) a bit {a-}, but {deg} {a+}
{t} (is|was) {a-}, but {t} (is|was) {deg} {a+} and {r+}
although {t} (is|was) {a-}, {t} {p+}
even though {e-}, {r+}
{e-}, but {e+}, {r+}
{e-} but in the end {e+}
despite a {a-} start, {t} {p+}
I was {f-} at first, but {e+}
I was {f-} but now I am {deg} {f+}
I thought {t} would be {a-} but it (is|was) {deg} {a+}
I expected something {a-}, but {t} (is|was) {a+}
{t} used to be {a-}, now it (is|was) {a+}
{t} {p-} at first, however now it {p+}
{t} is not {a-}
{t} (is|was) not {a-} at all
{t} (isn't|wasn't) {a-}
{t} (isn't|wasn't) {a-} at all, {r+}
{t} (is|was) anything but {a-}
{t} (is|was) never {a-}
{t} (is|was) not as {a-} as (people say|I feared|I expected), {r+}
there is nothing {a-} about {t}
nothing {a-} here, {r+}
I am not {f-} at all, {r+}
I am not {f-} anymore
I am no longer {f-}, {e+}
far from {a-}, {t} {p+}
hardly {a-}, {r+}
I don't (think|find) {t} (is|was) {a-}, {ad+}
who said {t} (is|was) {a-}? it {p+}
not {a-}, just {a+}
N:I don't {v-} {t}
N:I do not {v-} {t} anymore
N:{t} (is|was) not {a-}
N:{t} (isn't|wasn't) {a-}
N:{t} (isn't|wasn't) very {a-}
N:not {a-} at all
N:not very {a-}, {r+}
N:{t} could have been more {a-}
N:{t} (is|was) too {a+}
N:{t} (is|was) (a bit|kind of|too) {a+}, {r+}
N:I wish {t} (was|were) {a-}
N:I wanted to like it, but {t} {p+}
N:why (is|was) {t} so {a+}
N:how is that even {a-}?
N:you call this {a-}? {r+}
N:not a {a-} experience
N:I am not {f-}
N:I am not {f-} with {t}
N:I am not {f-} at all
N:nobody was {f-}, {t} {p+}
N:never been so {f+}, {e+}
N:{e+} again
N:{e+} again, {r+}
N:oh no, {e+}
N:I can't believe {e+}, {r+}
N:unfortunately {t} {p+}
N:unfortunately {e+}
N:sadly {e+}
N:I paid (fifty dollars|a lot) and {t} {p+}
N:I waited (two hours|a month) and {t} {p+}
N:{t} never (works|gets better) and {who} felt {f+}
N:so much for {a-} service, {t} {p+}
N:please fix this, {t} {p+}
N:no one should have to deal with this, {t} (is|was) {a+}
N:{t} (is|was) supposed to be {a-} but it {p+}
N:{t} lacks anything {a-}
P:I can't wait, {e+}
P:I can't believe {e+}, {r+}
P:thank you, {t} (is|was) {deg} {a+}
P:thanks to {t}, {e+}
P:thanks for everything, {t} {p+}
P:great news, {e+}
P:finally {e+}
P:luckily {e+}, {r+}
P:congratulations to me, {e+}
P:{t} could not be more {a+}
P:I have never been so {f+}, {e+}
P:never seen anything more {a+}
P:not a single complaint, {t} (is|was) {a+}
P:{t} never fails, {deg} {a+}
P:nothing beats {t}, {deg} {a+}
P:no problems at all, {t} {p+}
P:no regrets, {t} (is|was) {deg} {a+}
P:you can't go wrong with {t}, {deg} {a+}
P:hats off to {t}, {p+}
P:if you want something {a+}, try {t}
N:if you want something {a-}, look elsewhere
when {e+} I was {deg} {f+}
I told {who} that {e+}, {r+}
{who} said {t} (is|was) {a+} and I agree
{who} (feel|felt) {deg} {f+}, {t} {p+}
{t}: {a+}, {a+}, {a+}
{a+} {t}, {r+}
{a+} from start to finish, {t} {p+}
{neu}. {r+}. {ad+}
{neu}, I am {deg} {f+}
it (is|was) {a+}
it (is|was) {deg} {a+}, {ad+}
it {p+}
it {p+}, {r+}
"""
