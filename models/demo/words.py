"""Word lists and random values that the sample makers share."""
import random

CAPITALS = dict(item.split(":") for item in (
    "France:Paris,Germany:Berlin,Italy:Rome,Spain:Madrid,Portugal:Lisbon,Japan:Tokyo,China:Beijing,Egypt:Cairo,"
    "Kenya:Nairobi,Canada:Ottawa,Mexico:Mexico City,Brazil:Brasilia,Peru:Lima,Chile:Santiago,Norway:Oslo,"
    "Sweden:Stockholm,Finland:Helsinki,Poland:Warsaw,Greece:Athens,Austria:Vienna,Belgium:Brussels,"
    "Denmark:Copenhagen,Ireland:Dublin,Hungary:Budapest,India:New Delhi,Australia:Canberra,Cuba:Havana,"
    "Turkey:Ankara,Russia:Moscow,Ukraine:Kyiv,England:London,Iceland:Reykjavik,Switzerland:Bern,Nepal:Kathmandu,"
    "Argentina:Buenos Aires,the Netherlands:Amsterdam,the United States:Washington,the UK:London").split(","))
OPPOSITES = [tuple(pair.split("/")) for pair in (
    "hot/cold big/small fast/slow up/down day/night old/young open/closed full/empty light/dark happy/sad "
    "early/late wet/dry good/bad high/low hard/soft left/right rich/poor strong/weak near/far loud/quiet "
    "clean/dirty long/short true/false on/off in/out first/last black/white yes/no").split()]
NAMES = ("Anna Ben Clara David Emma Felix Grace Hugo Ida Jack Kim Leo Mia Noah Olga Paul Rosa Sam Tom Lily Max Zoe "
         "Maria Peter John Alice Bob Lena Nina Omar Priya Yuki Carlos Elena Ahmed Sofia Lucas Eva Jonas Marie Adam "
         "Sara Erik Ivan Julia Oscar Ruth Simon Tina Victor").split()
CITIES = ("Paris Berlin Rome Madrid Lisbon Tokyo Cairo Nairobi Ottawa Oslo Stockholm Helsinki Warsaw Athens Vienna "
          "London Dublin Hamburg Munich Milan Porto Boston Chicago Seattle Denver Lyon Zurich Geneva Prague Delhi "
          "Sydney Toronto Lima Seoul Kyoto Dallas Naples Bergen Basel Austin").split() + ["New York", "San Francisco"]
ANIMALS = "cat dog fox bird bear frog mouse owl rabbit turtle horse duck robot dragon".split()
COLOURS = "red blue green yellow black white orange purple pink brown grey".split()
FOODS = "pizza pasta rice soup apples cheese bread fish salad cake tea coffee".split()
NOUNS = ("order ticket room lamp sensor train flight book song car server invoice parcel garden market river harbor "
         "school store device user account project task meeting robot camera door engine printer table city country "
         "file queue job customer product planet recipe movie bus hotel tower bridge valve pump reactor shelf badge "
         "crate drone tunnel lake field mirror lantern wheel cabin model model integration integration key route alias node pipeline").split()
PROPERTIES = ("price size status weight height speed color owner location temperature name age level score balance "
              "length depth width rating distance volume population stock pressure humidity cost date mood tide "
              "schedule address capacity delay quality version battery menu address rank strength").split()
VERBS = ("start stop open close delete create send book cancel restart update move clean lock check print order "
         "play paint repair launch load ship scan pause resume archive find search reserve measure").split()
_onsets = "b c d f g h j k l m n p r s t v w z br dr gr kl pl st tr sh th".split()
_vowels = "a e i o u a e i o ai ou ea".split()
_codas = ["", "", "", "n", "r", "l", "s", "m", "x", "k", "rn", "lt"]


def pick(*choices):
    """One of several values, or of one list."""
    return random.choice(choices if len(choices) > 1 else choices[0])


def chance(share):
    return random.random() < share


def nonsense(low=1, high=3):
    """A word that does not exist, to teach copying instead of guessing."""
    count = random.randint(low, high)
    return "".join(pick(_onsets) + pick(_vowels) for _ in range(count)) + pick(_codas)


def person():
    return pick(NAMES) if chance(0.5) else nonsense(1, 3).capitalize()


def city():
    return pick(CITIES) if chance(0.5) else nonsense(2, 3).capitalize()


def number(digits=4):
    return random.randint(0, 10 ** random.randint(1, digits) - 1)


def code():
    """Something like an identifier."""
    letters = "".join(pick("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(random.randint(1, 3)))
    return pick(f"{letters}{number()}", f"{letters}-{number()}", f"{number()}", f"{nonsense()}-{number(2)}")


def phrase(low=1, high=4):
    """A few words that need no sense."""
    source = [lambda: pick(NOUNS), lambda: pick(COLOURS), lambda: pick(ANIMALS), lambda: pick(FOODS), nonsense,
              lambda: pick(VERBS), lambda: pick(PROPERTIES), person]
    return " ".join(pick(source)() for _ in range(random.randint(low, high)))
