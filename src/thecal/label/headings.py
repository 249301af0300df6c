"""The usual headings of pages about a medicine, and the label area each speaks about.

A page calls a thing what it likes: "How is it given?", "4.2 Posology", "Conservación". The
table gives each usual heading its area of `thecal.label.topics`; ``site`` is what speaks about
the page and not the medicine. What is not in the table has the area "", which is no fault.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SITE = "site"

# One line per area: whole headings, in small letters, without numbers, question marks and
# accents. A heading that *contains* one of them as words counts too, the longest first.
_HEADINGS: dict[str, str] = {
    "identity": """
        names / description and strength / description / brand name / brand names /
        other brand names / trade name / generic name / drug name /
        name of the medicinal product / nonproprietary name / synonyms / synonym / class /
        drug class / drug classes / therapeutic class / pharmacologic class /
        pharmacotherapeutic group / pharmaceutical class / dosage form / dosage forms /
        dosage forms and strengths / dosage form and strength / dosage forms and strength /
        strength / strengths / how supplied / how is it supplied /
        qualitative and quantitative composition / composition / pharmaceutical form /
        list of excipients / excipients / ingredients / active ingredient / active substance /
        inactive ingredients / what are the ingredients / what it contains /
        contents of the pack / contents of the pack and other information /
        nature and contents of container / chemistry / chemical structure / chemical name /
        structure / atc code / identifiers / product data / overview / at a glance /
        quick facts / key facts / pronunciation / pronounced / approval / approval status /
        approval history / fda approval / fda approval history / regulatory status /
        regulatory history / marketing authorisation / marketing authorization / legal status /
        availability / nombre del medicamento / nombre comercial / composicion /
        composicion cualitativa y cuantitativa / forma farmaceutica / principio activo /
        contenido del envase e informacion adicional / denominazione del medicinale /
        composizione / composizione qualitativa e quantitativa / principio attivo / eccipienti /
        contenuto della confezione e altre informazioni / bezeichnung des arzneimittels /
        zusammensetzung / qualitative und quantitative zusammensetzung / darreichungsform /
        wirkstoff / wirkstoffklasse / inhalt der packung und weitere informationen /
        denomination du medicament / composition qualitative et quantitative /
        forme pharmaceutique / substance active /
        contenu de l emballage et autres informations / denumirea comerciala a medicamentului /
        compozitie / compozitia calitativa si cantitativa / substanta activa /
        continutul ambalajului si alte informatii / 販売名 / 一般名 / 組成 / 組成・性状 / 性状 /
        薬効分類 / 薬効分類名 / 有効成分 / 成分 / 名称 / product / what kind of drug /
        what kind of medicine / is it approved / is it fully approved
    """,
    "indication": """
        indication / indications / indications and usage / indication and usage /
        therapeutic indications / therapeutic indication / approved indications / approved use /
        approved uses / use / uses / usage / used for / what is it used for / what is it for /
        what it is used for / what it is and what it is used for / is and what it is used for /
        why do we use / why is it used / why is it prescribed /
        why is this medication prescribed / why it is used / what does it treat /
        what conditions does it treat / who is it for / who can take / who can receive /
        who can get / who should take / who may take / patient selection / eligibility /
        indicaciones / indicaciones terapeuticas / para que se utiliza /
        que es y para que se utiliza / indicazioni / indicazioni terapeutiche / a cosa serve /
        cos e e a cosa serve / anwendungsgebiete / anwendungsgebiet / wofur wird es angewendet /
        wofur wird / was ist und wofur wird es angewendet / indications therapeutiques /
        dans quels cas est il utilise / dans quel cas est il utilise / indicatii /
        indicatii terapeutice / pentru ce se utilizeaza / ce este si pentru ce se utilizeaza /
        効能・効果 / 効能又は効果 / 効能または効果 / 適応症 / 適応
    """,
    "contraindications": """
        not for you / not for you if / contraindication / contraindications /
        contra indications / contraindication caution / contraindications cautions /
        when not to use / do not use / do not take / who should not take / who should not use /
        who should not receive / who should not be given / who must not / who cannot /
        should not be used / must not be used / you must not be given /
        you should not be given / when should it not be used / contraindicaciones /
        controindicazioni / gegenanzeigen / kontraindikationen / contre indications /
        contre indication / contraindicatii / 禁忌 / not to use / reasons not to
    """,
    "dosing": """
        dose and quantity limits / quantity limits / dose / doses / dosing / dosage / dosages /
        dosage and administration / dosing and administration / dose and administration /
        dosing information / dosage information / information dosage / recommended dose /
        recommended dosage / usual dose / usual adult dose / usual pediatric dose /
        adult dosing / adult dose / pediatric dosing / pediatric dose / dosing schedule /
        dose schedule / dosing regimen / dosing guidelines / schedule / treatment schedule /
        treatment plan / posology / posology and method of administration / loading dose /
        loading doses / loading phase / maintenance dose / maintenance doses /
        maintenance phase / dose adjustments / dosage adjustments / dosage modifications /
        how much is given / how much / how often / how often is it given / when is it given /
        overdose / overdosage / what happens if i overdose / how should i use / how do i use /
        how to use / how should i take / how to take / how should it be used / how is it used /
        posologia / dosis / dosis recomendada / posologia y forma de administracion /
        dosificacion / como usar / como se usa / sobredosis /
        posologia e modo di somministrazione / dose raccomandata / dosaggio / sovradosaggio /
        come usare / dosierung / dosierung und art der anwendung / empfohlene dosis /
        uberdosierung / wie wird angewendet / posologie / posologie et mode d administration /
        dose recommandee / surdosage / doze / doza / doza recomandata /
        doze si mod de administrare / supradozaj / 用法・用量 / 用法及び用量 / 用法および用量 /
        用法用量 / 過量投与 / directions / prescription
    """,
    "missed_dose": """
        interrupted therapy / treatment interruption / y si falto a una cita / missed dose /
        missed doses / missed or delayed dose / missed or delayed doses / missed or late doses /
        late or missed doses / delayed dose / delayed doses / late dose / if a dose is missed /
        if you miss a dose / if i miss a dose / what if i miss a dose /
        what should i do if i miss a dose / what should i do if i forget a dose /
        what happens if i miss a dose / what if a dose is missed / forgotten dose /
        miss a dose / miss an appointment / miss an injection / missed appointment /
        missed injection / dosis olvidada / dosis omitida / dosis olvidadas /
        si olvida una dosis / dose dimenticata / dosi dimenticate / dose saltata /
        vergessene dosis / versaumte dosis / ausgelassene dosis / versaumte dosen /
        dose oubliee / dose manquee / doses oubliees / oubli d une dose / doza omisa /
        doze omise / doza uitata / 投与を忘れた / 投与が遅れた場合 / if you cannot come /
        late or missed
    """,
    "preparation": """
        preparation / preparation and handling / preparation for administration /
        preparing the dose / special precautions for disposal and other handling /
        special precautions for disposal / dilution / reconstitution / incompatibilities /
        before the injection / preparacion / preparazione / zubereitung / vorbereitung /
        pregatire / 調製 / 調製方法 / prep
    """,
    "administration": """
        administration / administration instructions / preparation and administration /
        preparation and administration instructions /
        important preparation and administration instructions / method of administration /
        mode of administration / route of administration / route / how is it given /
        how it is given / how will it be given / how is it administered / how do you give /
        how will i receive / how do i receive / how is given / is given / is administered /
        will be given / given to you / procedure / injection procedure / lumbar puncture /
        during the injection / iv administration / what to expect / forma de administracion /
        modo de administracion / administracion / via de administracion / como se administra /
        modo di somministrazione / somministrazione / via di somministrazione /
        come si somministra / come viene somministrato / art der anwendung / anwendung /
        verabreichung / wie wird verabreicht / mode d administration / voie d administration /
        comment est il administre / mod de administrare / cale de administrare / administrare /
        cum se administreaza / 投与方法 / 用法 / 投与経路 / 適用上の注意 /
        what happens on the day / on the day
    """,
    "storage": """
        storage / storage and handling / how supplied storage and handling /
        how supplied storage / storage conditions / storage and stability / stability /
        stability and storage / shelf life / special precautions for storage / how to store /
        how should i store / how should it be stored / how do i store / how is it stored /
        how it is stored / be stored / is stored / disposal / storage and disposal /
        conservacion / almacenamiento / periodo de validez /
        precauciones especiales de conservacion / conservazione / come conservare /
        periodo di validita / precauzioni particolari per la conservazione / aufbewahrung /
        lagerung / dauer der haltbarkeit / besondere vorsichtsmaßnahmen fur die aufbewahrung /
        haltbarkeit / conservation / duree de conservation /
        precautions particulieres de conservation / comment conserver / pastrare / pastrarea /
        cum se pastreaza / perioada de valabilitate / precautii speciale pentru pastrare /
        貯法 / 保管 / 保管方法 / 保存方法 / 有効期間 / 取扱い上の注意 / keeping it / cold chain
    """,
    "warnings": """
        safety summary / warning / warnings / boxed warning / black box warning /
        black box warnings / warnings and precautions / warnings precautions /
        warnings cautions / special warnings and precautions for use / special warnings /
        precautions / precaution / caution / cautions / cautions and warnings /
        important safety information / safety information / safety / serious warnings /
        serious side effects / serious adverse reactions / serious adverse events /
        serious risks / risks / most important information /
        what is the most important information / before taking / before using /
        before receiving / before treatment / before you are given / before i take /
        before you take / before you receive / before you start / tell my doctor /
        tell your doctor / what should i avoid / what you need to know before / when to call /
        when to call a doctor / when to seek help / when to get help / call your doctor /
        seek medical help / driving / effects on ability to drive and use machines / bleeding /
        advertencias / advertencias y precauciones /
        advertencias y precauciones especiales de empleo / precauciones /
        que necesita saber antes de empezar / avvertenze / avvertenze e precauzioni /
        avvertenze speciali e precauzioni d impiego / precauzioni / warnhinweise /
        warnhinweise und vorsichtsmaßnahmen /
        besondere warnhinweise und vorsichtsmaßnahmen fur die anwendung / vorsichtsmaßnahmen /
        mises en garde / mises en garde et precautions /
        mises en garde speciales et precautions d emploi / avertissements /
        avertissements et precautions / precautions d emploi / atentionari /
        atentionari si precautii / atentionari si precautii speciale pentru utilizare /
        precautii / 警告 / 重要な基本的注意 / 使用上の注意 / 重大な副作用 / 注意 /
        what can go wrong / is it safe / how safe is it
    """,
    "adverse_reactions": """
        adverse reactions / adverse reaction / adverse effects / adverse events /
        adverse drug reactions / side effects / side effect / side affects /
        common side effects / less common side effects / rare side effects /
        more common side effects / possible side effects / most common side effects /
        most common adverse reactions / undesirable effects / unwanted effects /
        tabulated list of adverse reactions / summary of the safety profile /
        description of selected adverse reactions / clinical trials experience /
        clinical trial experience / postmarketing experience / post marketing experience /
        reporting of suspected adverse reactions / safety profile / tolerability /
        safety and tolerability / nervous system disorders /
        musculoskeletal and connective tissue disorders /
        general disorders and administration site conditions / investigations /
        infections and infestations / eye disorders / efectos adversos / efectos secundarios /
        reacciones adversas / posibles efectos adversos / effetti indesiderati /
        effetti collaterali / possibili effetti indesiderati / reazioni avverse /
        nebenwirkungen / mogliche nebenwirkungen / welche nebenwirkungen sind moglich /
        effets indesirables / effets secondaires /
        quels sont les effets indesirables eventuels / reactii adverse /
        reactii adverse posibile / efecte adverse / 副作用 / その他の副作用 / 有害事象
    """,
    "monitoring": """
        monitoring / monitoring parameters / patient monitoring / laboratory tests /
        laboratory testing / laboratory monitoring / tests / what tests / follow up /
        monitorizacion / monitoraggio / uberwachung / surveillance / monitorizare / 検査 /
        bloods / blood tests / bloods and urine / before every dose / before each dose
    """,
    "continuation": """
        duration of treatment / duration of therapy / treatment duration / stopping treatment /
        discontinuation / how long / if you stop / continuation criteria / reauthorization /
        duracion del tratamiento / durata del trattamento / dauer der behandlung /
        duree du traitement / durata tratamentului
    """,
    "interactions": """
        interactions / interaction / drug interactions / drug interaction / other drugs /
        other medicines / what other drugs will affect / other medicines and /
        taking other medicines /
        interaction with other medicinal products and other forms of interaction /
        interaction with other medicinal products / food interactions / interacciones /
        interaccion con otros medicamentos y otras formas de interaccion /
        interacciones farmacologicas / interazioni /
        interazioni con altri medicinali ed altre forme di interazione / wechselwirkungen /
        wechselwirkungen mit anderen arzneimitteln und sonstige wechselwirkungen /
        interactions medicamenteuses /
        interactions avec d autres medicaments et autres formes d interactions / interactiuni /
        interactiuni medicamentoase /
        interactiuni cu alte medicamente si alte forme de interactiune / 相互作用 / 併用注意
    """,
    "populations": """
        use in specific populations / specific populations / special populations /
        use in special populations / pregnancy / pregnancy category / pregnancy consideration /
        pregnancy considerations / pregnancy and lactation / pregnancy and breastfeeding /
        pregnancy breastfeeding / pregnancy lactation / pregnancy and breast feeding /
        fertility pregnancy and lactation / pregnancy breast feeding and fertility /
        pregnant or breastfeeding / pregnant / lactation / lactation considerations / nursing /
        nursing mothers / breastfeeding / breast feeding / breastfeeding warnings /
        breast feeding warnings / fertility / females and males of reproductive potential /
        pediatric use / paediatric use / paediatric population / pediatric population /
        pediatric patients / pediatrics / children / children and adolescents /
        use in children / geriatric use / geriatric / geriatrics / elderly / elderly patients /
        older adults / older people / renal impairment / hepatic impairment /
        renal and hepatic impairment / kidney disease / liver disease / embarazo /
        embarazo y lactancia / fertilidad embarazo y lactancia / lactancia /
        poblacion pediatrica / uso en ninos / poblaciones especiales / gravidanza /
        gravidanza e allattamento / fertilita gravidanza e allattamento / allattamento /
        popolazione pediatrica / schwangerschaft / schwangerschaft und stillzeit /
        fertilitat schwangerschaft und stillzeit / stillzeit / kinder und jugendliche /
        grossesse / grossesse et allaitement / fertilite grossesse et allaitement /
        fecondite grossesse et allaitement / allaitement / population pediatrique / sarcina /
        sarcina si alaptarea / fertilitatea sarcina si alaptarea / alaptarea /
        copii si adolescenti / 妊婦 / 授乳婦 / 小児等 / 小児 / 高齢者 /
        特定の背景を有する患者に関する注意 / having a baby / family planning
    """,
    "mechanism": """
        mechanism of action / mechanism / mode of action / how does it work / how it works /
        how does work / works in the body / actions / action / actions and spectrum /
        actions spectrum / pharmacology / clinical pharmacology / pharmacological properties /
        target / molecular target / mecanismo de accion / como funciona /
        propiedades farmacologicas / meccanismo d azione / proprieta farmacologiche /
        come funziona / wirkmechanismus / wirkungsmechanismus / wirkungsweise /
        pharmakologische eigenschaften / wie wirkt / mecanisme d action /
        proprietes pharmacologiques / mecanism de actiune / proprietati farmacologice /
        作用機序 / 薬効薬理 / what it does / what does it do
    """,
    "pharmacodynamics": """
        pharmacodynamics / pharmacodynamic properties / pharmacodynamic effects /
        cardiac electrophysiology / biomarkers / farmacodinamia / propiedades farmacodinamicas /
        farmacodinamica / proprieta farmacodinamiche / pharmakodynamik /
        pharmakodynamische eigenschaften / pharmacodynamie / proprietes pharmacodynamiques /
        proprietati farmacodinamice / 薬力学
    """,
    "pharmacokinetics": """
        pharmacokinetics / pharmacokinetic properties / absorption / distribution / metabolism /
        biotransformation / elimination / excretion / elimination and excretion /
        metabolism and excretion / absorption and distribution / half life / adme /
        farmacocinetica / propiedades farmacocineticas / proprieta farmacocinetiche /
        assorbimento / distribuzione / metabolismo / eliminazione / pharmakokinetik /
        pharmakokinetische eigenschaften / resorption / verteilung / pharmacocinetique /
        proprietes pharmacocinetiques / proprietati farmacocinetice / 薬物動態 / 血中濃度 /
        吸収 / 分布 / 代謝 / 排泄
    """,
    "immunogenicity": """
        immunogenicity / anti drug antibodies / inmunogenicidad / immunogenicita /
        immunogenitat / immunogenicite / imunogenitate
    """,
    "nonclinical": """
        nonclinical toxicology / preclinical safety data / preclinical safety / animal studies /
        animal toxicology / toxicology / carcinogenesis /
        carcinogenesis mutagenesis impairment of fertility / datos preclinicos sobre seguridad /
        dati preclinici di sicurezza / praklinische daten zur sicherheit /
        donnees de securite preclinique / date preclinice de siguranta
    """,
    "clinical_results": """
        trial / trials / the trial / study / clinical studies / clinical study /
        clinical trials / clinical trial / clinical results / clinical efficacy /
        clinical efficacy and safety / clinical evidence / clinical data / efficacy /
        effectiveness / how well does it work / trial results / study results / results /
        evidence / research / estudios clinicos / eficacia clinica / eficacia / studi clinici /
        efficacia / efficacia clinica / klinische studien / wirksamkeit /
        klinische wirksamkeit / etudes cliniques / efficacite / efficacite clinique /
        studii clinice / eficacitate / 臨床成績 / 臨床試験
    """,
    "maker": """
        manufacturer / manufactured by / manufactured for / manufacturer information /
        marketed by / distributed by / maker / company / marketing authorisation holder /
        marketing authorization holder / sponsor / fabricante /
        titular de la autorizacion de comercializacion / produttore /
        titolare dell autorizzazione all immissione in commercio / hersteller /
        inhaber der zulassung / pharmazeutischer unternehmer / fabricant /
        titulaire de l autorisation de mise sur le marche / producator / fabricantul /
        detinatorul autorizatiei de punere pe piata / 製造販売業者 / 製造販売元 / 製造販売業者等
    """,
    SITE: """
        about the author / about the reviewer / author / authors / written by / reviewed by /
        medically reviewed by / medical disclaimer / disclaimer / references / reference /
        sources / bibliography / further reading / related articles / related pages /
        related topics / related posts / related drugs / more like this / leave a comment /
        leave a reply / contact / contact us / about us / privacy policy / cookie policy /
        terms of use / terms and conditions / copyright / table of contents / contents /
        on this page / in this article / for more details / revision history /
        date of revision of the text / referencias / bibliografia / literatur /
        literaturverzeichnis / quellen / bibliographie / mentions legales / impressum /
        参考文献 / 主要文献 / 目次 / where can i read more / learn more / where to learn more
    """,
}

# A section of its own within its area: one level below the others.
_SUB = {
    "absorption",
    "distribution",
    "metabolism",
    "biotransformation",
    "elimination",
    "excretion",
    "elimination and excretion",
    "loading dose",
    "loading doses",
    "maintenance dose",
    "maintenance doses",
}

# Section codes of SPL (LOINC), for labels read as XML. Those marked [K] in our notes were not
# confirmed against the list of the FDA.
LOINC: dict[str, str] = {
    "34066-1": "warnings",  # boxed warning
    "34067-9": "indication",  # [K]
    "34068-7": "dosing",
    "34069-5": "identity",  # how supplied [K]
    "34070-3": "contraindications",
    "34071-1": "warnings",  # [K]
    "34073-7": "interactions",
    "34074-5": "interactions",
    "34076-0": "",  # patient information: speaks about everything [K]
    "34081-0": "populations",  # [K]
    "34083-6": "nonclinical",
    "34084-4": "adverse_reactions",
    "34088-5": "dosing",  # overdosage [K]
    "34089-3": "identity",  # description
    "34090-1": "mechanism",  # clinical pharmacology
    "34091-9": "nonclinical",
    "34092-7": "clinical_results",
    "42228-7": "populations",  # [K]
    "43678-2": "identity",  # dosage forms and strengths
    "43679-0": "mechanism",  # [K]
    "43680-8": "nonclinical",  # [K]
    "43681-6": "pharmacodynamics",
    "43682-4": "pharmacokinetics",  # [K]
    "43684-0": "populations",  # [K]
    "43685-7": "warnings",
    "44425-7": "storage",  # [K]
    "48780-1": "identity",  # product data [K]
    "51945-4": "identity",  # what is printed on the package [K]
    "90374-0": "adverse_reactions",
}

LONGEST = 160  # characters of a heading that are looked at
_NUMBER = re.compile(r"(?:section |part )?(?:\d{1,2}(?:\.\d{1,2}){0,4}[.):]?|[ivx]{1,4}[.)])\s+")
_NOT_WORDS = re.compile(r"[^\w・]+")
_ASIDE = re.compile(r"\([^()]*+\)")
_MARKS = re.compile("[\u0300-\u036f]")


def key(heading: str) -> str:
    """Fold a heading for look-up: small letters, no number, no accents, no marks."""
    folded = heading[:LONGEST].lower()
    if not folded.isascii():
        folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded)).casefold()
    folded = _ASIDE.sub(" ", folded).lstrip(" .*#-") or folded
    if number := _NUMBER.match(folded):
        folded = folded[number.end() :]
    return _NOT_WORDS.sub(" ", folded.replace("&", " and ").replace("'s", "")).strip()


def _keys(text: str) -> set[str]:
    return {key(heading) for heading in text.split("/")}


_AREA = {words: area for area, text in _HEADINGS.items() for words in _keys(text)}
# Whole headings that are too common as words within another one.
_WHOLE_ONLY = _keys("""
    action / actions / administration / approval / author / authors / availability / bleeding
    / children / class / comments / company / composition / conservation / contact /
    contact us / contents / description / dose / doses / dosis / doza / evidence /
    further information / how long / how much / investigations / lumbar puncture / menu /
    more information / names / overview / procedure / product / reference / research / results
    / route / safety / schedule / share / sources / strength / strengths / structure / study /
    surveillance / target / tests / the trial / trial / trials / use
""")


def _by_first_word() -> dict[str, list[str]]:
    """Order the headings that may stand within another by their first word, longest first."""
    index: dict[str, list[str]] = {}
    for words in sorted(_AREA, key=len, reverse=True):
        if words not in _WHOLE_ONLY and words.isascii():
            index.setdefault(words.partition(" ")[0], []).append(words)
    return index


_BY_FIRST_WORD = _by_first_word()
_OTHER_SCRIPTS = sorted((w for w in _AREA if not w.isascii()), key=len, reverse=True)


def _phrases(words: str) -> list[str]:
    """Return the headings that stand as words within folded words."""
    found = []
    padded = words + " "
    at = 0
    for word in words.split():
        for phrase in _BY_FIRST_WORD.get(word, ()):
            if padded.startswith(phrase + " ", at):
                found.append(phrase)
                break
        at += len(word) + 1
    if not words.isascii():
        found += [phrase for phrase in _OTHER_SCRIPTS if phrase in words]
    return found


# Headings with the medicine's name in the middle, as patterns on folded words; the first that
# fits. Those before the line outdo a usual heading that stands within the same words.
_PATTERNS = r"""
missed_dose        \b(?:miss(?:ed)?|forg[eo]t\w*|skip(?:ped)?)\b
missed_dose        \b(?:olvid|dimentic|oubli|vergess|versaum|uitat)\w*\b
contraindications  \bwho (?:should|must|can|may) ?not\b|\bwho cannot\b
----
missed_dose        \b(?:late|delay(?:ed)?)\b
storage            ^how (?:do|should|can|must|is|are|to)\b.{0,60}\b(?:stored?|keep|kept)\b
dosing             ^how (?:often|much|many)\b|\bschedule\b
dosing             ^when (?:is|are|do) .{0,60}\b(?:given|doses?)\b
administration     ^(?:how|who|where)\b.{0,60}\b(?:given?|administered|injected|receive)\b
administration     \bgiving the (?:injection|dose|medicine)\b
mechanism          ^how (?:does|do)? ?.{1,60} works?$
clinical_results   ^how (?:effective|well)\b|^(?:does|is) .{1,60} (?:work|effective)$
identity           ^what (?:else )?(?:is|are) in\b|^what .{0,60} contains$
maker              ^who (?:makes|made|sells)\b
populations        ^(?:can|is|are|should|may|what about) .{0,60}\b(?:pregnan\w+|child\w*)\b
populations        ^(?:can|is|are|should|may|what about) .{0,60}\b(?:breast ?feed\w*|elderly)\b
interactions       ^(?:can|may|should) .{0,60}\b(?:with|alongside)\b
interactions       ^(?:can|may|what) .{0,60}\bother (?:medicines?|drugs?|medications?)\b
indication         ^what (?:is|are|s|does) .{0,60}\b(?:used for|for|treat)$
indication         ^why\b.{0,60}\b(?:used?|given|prescribed|need|tak(?:e|ing))\b
indication         ^(?:what(?: is| are| s)?|que es|cos e|was ist|ce este) (?!the\b|in\b)\w+$
storage            ^wie ist .{0,60} aufzubewahren$
administration     ^wie (?:ist|wird) .{0,60} (?:anzuwenden|angewendet|verabreicht)$
storage            ^(?:come|como|comment|cum)\b.{0,60}\b(?:conserv|pastr)
administration     ^(?:come|como|comment|cum)\b.{0,60}\b(?:usa|somministr|administr|util)
"""


def _patterns(text: str) -> list[tuple[str, re.Pattern[str]]]:
    lines = (line.split(None, 1) for line in text.strip().splitlines())
    return [(area, re.compile(pattern)) for area, pattern in lines]


_FIRST, _THEN = (_patterns(text) for text in _PATTERNS.split("----"))


def _fitting(patterns: list[tuple[str, re.Pattern[str]]], words: str) -> str:
    return next((area for area, pattern in patterns if pattern.search(words)), "")


@lru_cache(maxsize=4096)
def area_of(heading: str) -> str:
    """Return the label area that a heading speaks about; empty if none is known."""
    words = key(heading)
    if words in _AREA:
        return _AREA[words]
    if area := _fitting(_FIRST, words):
        return area
    phrase = max(_phrases(words), key=len, default="")
    area = _fitting(_THEN, words) if len(phrase) < 10 else ""
    return area or _AREA.get(phrase, "")


@lru_cache(maxsize=4096)
def is_known(heading: str) -> bool:
    """Say whether a line is a usual heading as it stands, or little more than one."""
    words = key(heading)
    if words in _AREA:
        return True
    if len(words) > 100 or any(c.isdigit() for c in words):
        return False
    return any(2 * len(phrase) >= len(words) for phrase in _phrases(words))


@lru_cache(maxsize=4096)
def is_usual(words: str) -> bool:
    """Say whether words are a usual heading and nothing more."""
    return key(words) in _AREA


def is_sub(heading: str) -> bool:
    """Say whether a usual heading stands below another of the same area."""
    return key(heading) in _SUB
