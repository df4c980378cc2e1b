// A text to read letter by letter where "The Time Machine" cannot be had. All letters occur in it.
export const ownText = `How a Machine Learns to Read

There was once a small machine that wanted to learn how to read. It had no
eyes and no ears, and nobody had told it what a word is. All it was given was
a long strip of letters, and all it could do was look at one of them at a
time. It could never turn back and look again. For this reason its makers
called it the time traveller: it went through the page as we go through our
days, always forward, one step after the other.

At every step the time traveller had to answer a single question: which
letter comes next? It wrote its answer down, the strip moved on by one place,
and then it could see whether the answer was right. That was the whole game.
There was no teacher, only the next letter, and the next letter was always
honest.

At first the traveller knew nothing at all. There were twenty six letters and
the gap between the words, and it thought that each of them was just as likely
as any other. It guessed a z as gladly as an e. Of course it was nearly always
wrong, and each mistake hurt a little. But the hurt was of a useful kind. It
told the machine in which direction its answer should have been different, and
by how much, and the machine moved each of its little wheels by a very small
amount in that direction. Then it went on to the next letter.

After some hundred letters it had found out the first secret of the page,
which is that the letters are not equal. There are many of the one kind and
few of the other. The gap between the words is the most common thing of all,
then comes the e, and then the t and the a. A machine that has learned only
this writes down nothing but gaps, because a gap is the safest answer. That is
not reading, but it is better than nothing, and the hurt became smaller.

The second secret took longer. The traveller saw that a letter tells something
about the letter that follows. After a q there is always a u. After a t there
is often an h, and after the h there is often an e. To know this one has to
remember the letter before, and so the machine needed a memory. It had one
from the beginning: a row of numbers that it carried with it from step to
step. But the row was full of noise, because it did not know yet what was
worth keeping. Now it learned to keep the last letter, and the answers grew
better at once.

The third secret was the word. The letters of a word hold together, and the
gap says that one word is over and another one begins. When the machine had
seen the word machine a dozen times, it began to know it from the first three
letters, as we know a friend from far away by the way he walks. It wrote the,
and and, and that, and of, at first in places where they had no business to
be. People who looked at its answers at that time said that it spoke like
somebody who talks in his sleep. There were words, but they did not go
anywhere.

Now its makers wanted to see how far back the memory of the traveller could
reach. They gave it a sentence that began with a question, and they looked
whether it still knew at the end that it was a question. It did not. What had
happened ten letters ago was as good as gone. The makers sat down and thought
about the reason, and they found it. With every step the memory was mixed with
the new letter and pressed into the same small row of numbers. A thing that is
pressed a little at each step is soon too small to be seen. If each step keeps
one half, then ten steps keep one part in a thousand. And it was no better the
other way round: if each step makes the thing larger, then after ten steps it
is so large that nothing else can be seen, and the machine jumps about like a
frightened horse.

Against the jumping they found a simple cure. Whenever the step that the
wheels should take was too long, they made it shorter, and left its direction
as it was. A traveller who does not know the way should not run. Against the
forgetting they needed something better. They built a box into the memory, and
they gave the box three doors. The first door lets something new come in. The
second door decides whether what is in the box may stay there. The third door
decides whether the box may speak. When the second door stays open, what lies
in the box is not mixed and not pressed. It stays what it was, for ten steps
or for a hundred, until somebody asks for it.

The doors were no wiser than the rest of the machine. In the beginning they
opened and closed without a plan. But they too could be moved by the hurt of a
wrong answer, and so they learned when to open and when to close. One box kept
the letter with which the line had begun. Another one counted how long the
present word was. A third one knew whether there had been a comma. Nobody had
told them to do so. It was just useful for the question that was asked at each
step: which letter comes next?

In the end the traveller could go through the whole page and was hardly ever
wrong. Its makers were proud, and they gave it a new page, one that it had
never seen before. There it was wrong quite often, though less often than on
its first day. Then they understood that it had done two different things. It
had learned the page by heart, as a child learns a rhyme. And it had learned a
little about how people write, which is worth much more. The one is easy to
mistake for the other, as long as one looks only at the page that was used for
learning.

So they gave it more pages, and then a shelf of pages, and then a house full
of shelves. But that is another story, and a longer one. The lazy brown fox
and the quick dog of the old joke come into it as well, with every letter that
there is. What matters here is the smallest part of it: a machine, a strip of
letters, and one honest question that is asked again and again.
`
