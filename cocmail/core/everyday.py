"""Words that tell nobody anything: they hold sentences together, or stand in every letter about any report.

A list of our own, kept short. It decides two things: which short runs of words a letter may share with a report
(`leaks`), and which parts of a name are looked for only where they are written as names ("Will", "May"; `names`).
Latin-script words of up to three letters are such words anyway.
"""

from __future__ import annotations

SHORT = 3

_HOLDING = (
    "about above after again against also although always among another anybody anyone anything around because"
    " been before behind being below beside besides between both cannot could does doing done down during each"
    " either else even ever every everybody everyone everything first from have having here hers herself himself"
    " however inside into itself just last later least less like many maybe might mine more most much must myself"
    " near neither never next nobody none nothing often once only onto other others ours ourselves outside over"
    " perhaps quite rather same second several shall should since some somebody someone something sometimes"
    " somewhere soon still such than that thats their theirs them themselves then there these they thing things"
    " third this those through together towards under unless until upon very well were what whatever when where"
    " whether which while whole whom whose will with within without would wont dont didnt doesnt isnt wasnt your"
    " yours yourself yourselves"
)
_DOING = (
    "accept agree answer answered answers apply asked asks became become begin began believe bring brought call"
    " called came change changed come comes coming continue decide decided decision describe described expect"
    " expected explain explained feel feeling feels felt find follow followed follows found gave getting give"
    " given gives going gone happen happened happens hear heard hold hope keep kept knew know known leave left"
    " listen look looked looking made make makes mean means need needed needs offer pass read receive received"
    " remain remember repeat repeated reply said saying says seem seen send sent show shows speak spoke stand"
    " start stay stayed stop stopped take taken takes talk talked tell telling think thought told took tried"
    " understand used want wanted wants went wish work worked works write writes writing written wrote"
)
_FIELD = (
    "action affected apology attention behave behaved behavior behaviour chair chat channel code committee"
    " community concern concerns conduct conference consequence consequences contact contribute contributor"
    " contributors course date details dear discuss discussed discussion effect email evening event events forum"
    " greetings group hello hurt impact incident issue kind letter list mail maintainer maintainers matter meeting"
    " meetings member members message messages moderator moderators morning night afternoon note number online"
    " organiser organisers organizer organizers part participant participants people person place please point"
    " possible private process project public question questions reason regards report reported reporter reporting"
    " request respect response review room rule rules safe session situation sincerely sorry speaker speakers step"
    " steps support team thank thanks time today tomorrow venue volunteer volunteers wait warning week weekend"
    " weeks welcome whenever word words workshop world year years yesterday month months hour hours minute minutes"
    " days"
)
# What reports are about, and where it was: a letter on it cannot do without.
_SCENE = (
    "shout shouted shouting shouts yell yelled yelling scream screamed push pushed pushing shove shoved kick"
    " kicked hit touch touched touching grab grabbed hold held follow following stare stared laugh laughed insult"
    " insulted insults threaten threatened threats harass harassed harassment joke jokes comment comments"
    " commented remark remarks slide slides photo photos picture pictures post posted posts reply replies pull"
    " merge commit issue branch review profile alone crying cried scared afraid drunk drinking wore wearing hands"
    " face voice loud loudly name names gender body desk registration stage stairs corridor hallway lobby bar"
    " kitchen hotel dinner lunch breakfast party door table booth queue entrance street train station bus floor"
    " seat seats front back middle corner outside break coffee drinks panel lightning tutorial sprint track"
    " audience microphone kept other woman women man men colleague friend friends manager employer company account"
    " screen phone camera recording video call calls conversation"
)
_COUNTED = (
    "four five seven eight nine eleven twelve monday tuesday wednesday thursday friday saturday sunday january"
    " february march april june july august september october november december autumn spring summer winter north"
    " south east west"
)
# As names they are as common as in sentences.
_NAMES = (
    "amber angel april autumn baker banks baron bell best bill bishop black bloom bond brook brooks brown chance"
    " chase church clay cook crystal daisy dale dawn dean destiny duke early faith field fields fine fish forest"
    " forrest fox frank gold good grace grant gray green grey guy hall harmony hill hills hope house hunter iris"
    " ivory jade jasmine joy justice king lake lane law lily long love major mark marks marsh mason mercy miles"
    " moon moore olive page paris park parks patience pearl penny piper place pleasant pope price prince reed rice"
    " rich rock rose ruby sage sharp short sky snow song star stone strong summers sunny swift temple trust violet"
    " walker wall ward waters wells white wise wolf wood woods young"
)
_GERMAN = (
    "aber alle allem allen aller alles also auch beim bitte damit dann dass deine deinem deinen deiner denn dich"
    " diese diesem diesen dieser dieses doch dort durch eine einem einen einer eines etwas euch eure gegen gewesen"
    " haben habe hatte hatten hier ihnen ihre ihrem ihren ihrer immer jede jeden jeder jetzt kann kannst kein"
    " keine keinen können liebe lieber mehr mein meine meinem meinen mich nach nicht nichts noch ohne oder schon"
    " sehr sein seine sich sind sollen sollte soll über unser unsere unserem unseren unter viel vielen vielleicht"
    " vom vor waren warum weil wenn werden wieder will wird wirst wollen worden wurde wurden würde zwischen zum"
    " zur dank gruß grüße freundlichen"
)
_ROMANCE = (
    "alors aussi autre autres avant avec avez avons bien cela cette ceux chez comme dans depuis dont elle elles"
    " encore entre était être faire fait leur leurs mais même merci moins nous notre nos parce pendant peut plus"
    " pour pourquoi quand quelque sans serait sont sous sur tous tout toute toutes très vers voir votre vous vos"
    " bonjour cordialement ahora algo algunos antes aunque como con contra cuando cual desde donde durante ella"
    " ellas ellos entonces era eran está están este esta estos estas esto fue fueron gracias había hacer hacia"
    " hasta hola mientras mucho muchos muy nada nosotros nuestra nuestro otra otras otro otros para pero poco"
    " porque puede pueden quien sido sin sobre también tiene tienen todo todos usted ustedes saludos anche ancora"
    " come cosa così dalla dalle degli dell della delle dello dopo dove essere fatto grazie hanno loro molto nella"
    " nelle nostro nostra perché quando quella quello questa questo sono tutti tutto vostro agora ainda aqui até"
    " com depois dela dele isso isto mas mesmo muito nossa nosso não obrigado onde pela pelo quem são sem seu sua"
    " também tem uma você"
)
_PARTS_OF_NAMES = "doctor professor madame monsieur señor señora herr frau miss mister junior senior santa sankt della"

_EVERY = " ".join((_HOLDING, _DOING, _FIELD, _SCENE, _COUNTED, _NAMES, _GERMAN, _ROMANCE, _PARTS_OF_NAMES))
EVERYDAY = frozenset(_EVERY.split())
# When and where something was: a letter on it says the same as the report, in the same words.
WHEN_AND_WHERE = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august"
    " september october november december spring summer autumn winter morning afternoon evening night day week"
    " weekend month year today yesterday meeting meetings conference session workshop sprint event talk keynote"
    " dinner hall room venue montag dienstag mittwoch donnerstag freitag samstag sonntag morgen abend nacht tag"
    " woche monat jahr treffen konferenz sitzung veranstaltung saal raum".split()
)
# Of up to three letters, those that stand in sentences: what is none of these is looked for wherever it stands.
LITTLE = frozenset(
    "a ai al all am an and any app are art as ask at aux bad bei big bin bis bot but by can ces con das day de"
    " dei del den der des did die dir do don dos dr du due ein el en er es est et etc eux few for gab get go got"
    " had has hat he her hi him his how i if il im in ins is ist it its ja je job joy la las law le les lo los low"
    " mai mal may me mes mi mir mis mit mr mrs ms my ne nei nel new no non nor not now nur o of off oh ok old on"
    " one or out own par per pro put que qui ray red ria rob run san sea see sei ses set she sie sky so son st su"
    " sue sun te ten the tag too top try tu two um un una und une uns up us use van vom von vor war was way we web"
    " wer who why wie win wir with yes yet you zu zum zur".split()
)


def is_everyday(word: str) -> bool:
    """Whether a folded word tells nothing of a case by itself."""
    return len(word) <= SHORT or word in _FOLDED or word.isdigit()


def is_also_a_word(name: str) -> bool:
    """Whether a folded part of a name stands in sentences as well, so that only its capital tells it is a name."""
    return name in LITTLE or name in _FOLDED


def _folded() -> frozenset[str]:
    from cocmail.core.folding import fold

    return frozenset(map(fold, EVERYDAY))


_FOLDED = _folded()
