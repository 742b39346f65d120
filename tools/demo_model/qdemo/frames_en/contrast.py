"""Concession in both orders, expectation against outcome, change, conditions."""

TEMPLATES = """
although <clause->, <clause+>
though <clause->, <clause+>
even though <clause->, <clause+>
while <clause->, <clause+>
<clause->, but <clause+>
<clause->, yet <clause+>
<clause->. still, <clause+>
<clause->. nevertheless, <clause+>
<clause->. even so, <clause+>
<clause->. all the same, <clause+>
<clause->. however, <clause+>
<clause->. on the other hand, <clause+>
<clause->. in the end, though, <clause+>
<clause+>, although <clause->
<clause+>, even though <clause->
<clause+> even if <clause->
<clause+> despite the fact that <clause->
<clause+> in spite of the fact that <clause->
{f+} although <clause->
I am {f+} even though <clause->
I stay {f+} even when {e-}
I am {f+}, {e-} or not
granted, <clause->, but <clause+>
yes, <clause->, but <clause+>
sure, <clause->, but <clause+>
true, <clause->, and yet <clause+>
it is true that <clause->, but <clause+>
I admit that <clause->, but <clause+>
of course <clause->, but <clause+>
okay, <clause->, but that does not matter: <clause+>
forget that <clause->: <clause+>
what if <clause->? <clause+>
so what if <clause->, {r+}
never mind that <clause->, {r+}
leaving aside that <clause->, <clause+>
besides the fact that <clause->, {t} (is|was) {a+}
apart from the {n-}, {t} (is|was) {a+}
despite all the {n-}, <clause+>
despite the {n-}, {r+}
in spite of all the {n-}, {e+}
<clause+> despite all the {n-}
with all its {n-}, {t} (is|was) {a+}
for all its {n-}, {t} (is|was) still {a+}
behind all the {n-} there is only {n+}
however {a-} it looks, it {p+}
no matter how {a-} it looks, {t} (is|was) {a+}
no matter how {a-} the day, {e+}
{a-} as it was, {r+}
{a-} as it may look, {t} {p+}
it may be {a-}, but it {p+}
it might look {a-}, but it (is|was) {a+}
{t} may seem {a-} at first glance, but it {p+}
{t} can be {a-} at times, but on the whole it (is|was) {a+}
now and then {a-}, but mostly {a+}
sometimes {a-}, mostly {a+}
partly {a-}, mainly {a+}
a little {a-}, but above all {a+}
{a-} for a minute, {a+} for the rest
{a-} at first sight, {a+} on closer look
at first {f-}, in the end {f+}
on paper {a-}, in practice {a+}
in theory {t} (is|was) {a-}, in reality it (is|was) {a+}
outside {a-}, inside {a+}
from afar {a-}, up close {a+}
{t} only looks {a-}, it (is|was) {a+}
{t} sounds {a-}, but it {p+}
what looked {a-} turned out {a+}
what seemed {a-} was in fact {a+}
what started as <noun-> ended as <noun+>
what began {a-} ended {a+}
not <noun->, but <noun+>
not <noun-> at all, {r+}
{t} (isn't|wasn't) <noun->, it (is|was) <noun+>
instead of <noun-> we got <noun+>
instead of {n-} I found {n+}
N:I came for {n-} and left with {n+}
I came {f-} and left {f+}
I went in {f-} and came out {f+}
I woke up {f-} and went to bed {f+}
this morning {f-}, tonight {f+}
yesterday {f-}, today {f+}
yesterday {e-}, today {e+}
last week {e-}. this week {e+}
an hour ago {e-}, and now {e+}
from {f-} to {f+} in one minute
I went from {f-} to {f+} when {e+}
{t} went from {a-} to {a+}
{t} turned from {a-} into {a+}
{t} changed me from {f-} to {f+}
I was {f-} until {e+}
{who} (was|were) {f-} until {e+}
I was {f-}, and then {e+}
I was {f-} when suddenly {e+}
I was still {f-} when {e+}
just as I felt {f-}, {e+}
before: {f-}. after: {f+}
before {a-}, after {a+}
then: {a-}. now: {a+}
once {a-}, now {a+}
{t}, once {a-}, (is|was) {a+} now
{t} was {a-} for years, these days it {p+}
years ago {t} (is|was) {a-}, today it (is|was) {a+}
in the past {a-}, today {a+}
since last month {t} no longer {p-}, it {p+}
the old one {p-}, this one {p+}
the last one (is|was) {a-}, this one (is|was) {a+}
others may be {a-}, {t} (is|was) {a+}
unlike the last one, {t} {p+}
unlike last year, <clause+>
unlike before, {t} (is|was) not {a-}
compared to the {a-} one before, {t} {p+}
the first half (is|was) {a-}, the second half {a+}
the beginning (is|was) {a-}, but the end {a+}
round one: {a-}. round two: {a+}
day one: {e-}. day two: {e+}
<clause->. or so I thought. <clause+>
<clause->? wrong, <clause+>
I believed that <clause->. how wrong I was, <clause+>
I was sure that <clause->, but <clause+>
I was told that <clause->, but in fact <clause+>
I had heard that <clause->, but <clause+>
I assumed it would be {a-}, it turned out {a+}
I was convinced it would be {a-}, and then it {p+}
we expected {n-} and got {n+}
we were ready for <noun->, what we got was <noun+>
expectation: {a-}. reality: {a+}
expected: {a-}. got: {a+}
promised: {a-}. delivered: {a+}
advertised as {a-}, in truth {a+}
{t} looked {a-} in the photos but (is|was) {a+} in real life
against my expectations {t} (is|was) {a+}
contrary to what people say, <clause+>
contrary to expectations, {e+}
contrary to the {a-} reviews, {t} (is|was) {a+}
against all advice I tried {t}: {a+}
everything pointed to <noun->, but {e+}
it all looked {a-}, then {e+}
the forecast said {a-}, the day (is|was) {a+}
my head said {a-}, my heart said {a+}
P:I had low expectations, but {t} {p+}
N:I had high hopes, but {t} {p+}
P:I expected little and got {i+}
N:I expected so much and got {i+}
P:I was afraid it would be {a-}, but it {p+}
N:I was hoping it would be {a-}, but it {p+}
P:I feared {n-} and found {n+}
N:I hoped for {n-} and found {n+}
N:I longed for something {a-} and got {t}, so {a+}
P:I dreaded {t}, but it (is|was) {a+}
N:I looked forward to {t}, but it (is|was) {a+}
P:everyone warned me about {t}, but it {p+}
N:everyone raved about {t}, but it {p+}
P:despite all the warnings, {t} {p+}
N:despite all the hype, {t} {p+}
N:despite the great reviews, {t} {p+}
P:despite the bad reviews, {t} {p+}
P:I was about to give up when {e+}
N:I was about to celebrate when {e+}
P:I almost gave up, but then {e+}
N:I almost made it, but then {e+}
P:I was going to complain, but {t} {p+}
N:I was going to praise {t}, but it {p+}
P:I wanted to hate {t}, but it {p+}
P:I almost returned {t}, but it {p+}
N:I gave {t} a second chance, but it {p+}
N:I tried to be fair to {t}, but it {p+}
P:{e-}, luckily {e+}
N:{e-}, sadly {e+}
P:<clause->, but fortunately <clause+>
N:<clause->, but unfortunately <clause+>
P:it could have ended badly, but {e+}
N:it could have ended well, but {e+}
it could have been {a-}, but {e+}
P:all is well again, {e+}
N:all is lost, {e+}
N:{t} would be {a-} if it were not so {a+}
N:{t} would have been {a-} without the {n+}
N:were it not for the {n+}, {t} would be {a-}
N:{t} (is|was) almost {a-}, but only almost
N:close to {a-}, but no, {t} {p+}
N:{t} might have been {a-} once
N:{t} tries to be {a-} and fails
N:{t} pretends to be {a-}
N:{t} wants to be {a-}, but it (is|was) {a+}
N:supposedly {a-}, in fact {a+}
N:{t} should have been {a-}, instead it {p+}
N:all I wanted was something {a-}, instead {e+}
N:is it too much to ask for something {a-}
N:where did the {a-} days go
N:I miss the days when {t} (is|was) {a-}
N:what is left of the {a-} old days? {n+}
N:it takes more than {n-} to save {t}
N:I would have liked {t} to be {a-}
N:a little less {n+} and it would be {a-}
P:not even {n-} could spoil {t}, {r+}
N:not even {n-} could save {t}, {r+}
P:I survived the {n-}, now {e+}
P:after all the {n-}, {e+}
P:the {n-} is behind us, {e+}
P:the {n-} was worth it, {e+}
N:the {n-} was short, then {e+}
N:so much for {n-}, {e+}
N:so much for {a-}, {t} {p+}
if {t} (is|was) {a-}, I am a teapot
if {t} (is|was) {a-}, then the earth is flat
when {e+}, everyone felt {f+}
whenever I see {t} I feel {f+}
whenever {e+}, I am {f+}
each time I use {t} I feel {f+}
as soon as {e+}, I was {f+}
the moment {e+}, I felt {f+}
once {e+}, I felt {f+}
ever since {e+}, I have been {f+}
now that {e+}, I am {f+}
after {e+}, I was {f+} for days
before I knew it, {e+} and I was {f+}
the day {e+}, I was {f+}
even when {e-}, {t} {p+}
even on {a-} days {t} {p+}
even in {a-} weather {t} (is|was) {a+}
even without trying {t} (is|was) {a+}
even the {est-} day gets {er+} when {e+}
rain or shine, {t} {p+}
with or without reason, I am {f+}
either way {t} (is|was) {a+}
any way you look at it, <clause+>
sooner or later you will see that <clause+>
try it once and you will see how {a+} it (is|was)
give it a day and it {p+}
you only need to look at {t} to feel {f+}
"""
