package corpus

// Common names; people are random combinations of them. Each entry stands once per sex where the form differs.

// ukFamilies are masculine, feminine.
var ukFamilies = [][2]string{
	{"Шевченко", "Шевченко"}, {"Бондаренко", "Бондаренко"}, {"Коваленко", "Коваленко"}, {"Ткаченко", "Ткаченко"},
	{"Кравченко", "Кравченко"}, {"Олійник", "Олійник"}, {"Мельник", "Мельник"}, {"Поліщук", "Поліщук"},
	{"Савчук", "Савчук"}, {"Марченко", "Марченко"}, {"Мороз", "Мороз"}, {"Руденко", "Руденко"},
	{"Петренко", "Петренко"}, {"Клименко", "Клименко"}, {"Левченко", "Левченко"}, {"Гаврилюк", "Гаврилюк"},
	{"Пономаренко", "Пономаренко"}, {"Василенко", "Василенко"}, {"Харченко", "Харченко"}, {"Гончарук", "Гончарук"},
	{"Дем'яненко", "Дем'яненко"}, {"Заєць", "Заєць"}, {"Щербак", "Щербак"}, {"Юрченко", "Юрченко"},
	{"Яценко", "Яценко"}, {"Їжакевич", "Їжакевич"}, {"Григоренко", "Григоренко"}, {"Згурський", "Згурська"},
	{"Кошовий", "Кошова"}, {"Вишневський", "Вишневська"}, {"Лук'яненко", "Лук'яненко"}, {"Жук", "Жук"},
	{"Цимбалюк", "Цимбалюк"}, {"Хоменко", "Хоменко"}, {"Федорук", "Федорук"}, {"Мельниченко", "Мельниченко"},
	{"Стеценко", "Стеценко"}, {"Шульга", "Шульга"}, {"Ґудзь", "Ґудзь"}, {"Чорненький", "Чорненька"},
}

var ukGiven = [2][]string{
	{"Андрій", "Богдан", "Василь", "Володимир", "Данило", "Дмитро", "Євген", "Іван", "Ігор", "Кирило", "Максим",
		"Мар'ян", "Матвій", "Микола", "Назар", "Олександр", "Олег", "Остап", "Роман", "Сергій", "Тарас", "Юрій", "Ярослав"},
	{"Анастасія", "Ангеліна", "Богдана", "Вікторія", "Ганна", "Дарина", "Єва", "Зоряна", "Ірина", "Катерина", "Марія",
		"Мілана", "Надія", "Наталія", "Оксана", "Олена", "Поліна", "Соломія", "Софія", "Тетяна", "Уляна", "Юлія", "Яна"},
}

// ukPatronymics are masculine, feminine.
var ukPatronymics = [][2]string{
	{"Андрійович", "Андріївна"}, {"Богданович", "Богданівна"}, {"Васильович", "Василівна"}, {"Володимирович", "Володимирівна"},
	{"Дмитрович", "Дмитрівна"}, {"Іванович", "Іванівна"}, {"Ігорович", "Ігорівна"}, {"Миколайович", "Миколаївна"},
	{"Олександрович", "Олександрівна"}, {"Олегович", "Олегівна"}, {"Петрович", "Петрівна"}, {"Романович", "Романівна"},
	{"Сергійович", "Сергіївна"}, {"Тарасович", "Тарасівна"}, {"Юрійович", "Юріївна"}, {"Ярославович", "Ярославівна"},
}

// plFamilies are masculine, feminine, and both as a Ukrainian registrar writes them.
var plFamilies = [][4]string{
	{"Nowak", "Nowak", "Новак", "Новак"}, {"Kowalski", "Kowalska", "Ковальський", "Ковальська"},
	{"Wiśniewski", "Wiśniewska", "Вісьнєвський", "Вісьнєвська"}, {"Wójcik", "Wójcik", "Вуйцік", "Вуйцік"},
	{"Kamiński", "Kamińska", "Камінський", "Камінська"}, {"Lewandowski", "Lewandowska", "Левандовський", "Левандовська"},
	{"Zieliński", "Zielińska", "Зелінський", "Зелінська"}, {"Szymański", "Szymańska", "Шиманський", "Шиманська"},
	{"Woźniak", "Woźniak", "Возняк", "Возняк"}, {"Kozłowski", "Kozłowska", "Козловський", "Козловська"},
	{"Mazur", "Mazur", "Мазур", "Мазур"}, {"Krawczyk", "Krawczyk", "Кравчик", "Кравчик"},
	{"Grabowski", "Grabowska", "Грабовський", "Грабовська"}, {"Pawłowski", "Pawłowska", "Павловський", "Павловська"},
	{"Michalak", "Michalak", "Міхаляк", "Міхаляк"}, {"Zając", "Zając", "Зайонц", "Зайонц"},
	{"Król", "Król", "Круль", "Круль"}, {"Wieczorek", "Wieczorek", "Вечорек", "Вечорек"},
	{"Jabłoński", "Jabłońska", "Яблонський", "Яблонська"}, {"Dąbrowski", "Dąbrowska", "Домбровський", "Домбровська"},
	{"Głowacki", "Głowacka", "Гловацький", "Гловацька"}, {"Sikora", "Sikora", "Сікора", "Сікора"},
	{"Szczepański", "Szczepańska", "Щепанський", "Щепанська"}, {"Górski", "Górska", "Гурський", "Гурська"},
	{"Żak", "Żak", "Жак", "Жак"}, {"Chmielewski", "Chmielewska", "Хмелевський", "Хмелевська"},
}

// plGiven are Polish, and as a Ukrainian registrar writes them.
var plGiven = [2][][2]string{
	{{"Antoni", "Антоній"}, {"Jakub", "Якуб"}, {"Jan", "Ян"}, {"Szymon", "Шимон"}, {"Filip", "Філіп"}, {"Aleksander", "Александер"},
		{"Franciszek", "Францішек"}, {"Mikołaj", "Міколай"}, {"Wojciech", "Войцех"}, {"Kacper", "Кацпер"}, {"Stanisław", "Станіслав"},
		{"Marcel", "Марцель"}, {"Michał", "Міхал"}, {"Tymon", "Тимон"}, {"Paweł", "Павел"}, {"Łukasz", "Лукаш"}},
	{{"Zuzanna", "Зузанна"}, {"Julia", "Юлія"}, {"Hanna", "Ганна"}, {"Maja", "Мая"}, {"Zofia", "Зофія"}, {"Alicja", "Аліція"},
		{"Aleksandra", "Александра"}, {"Oliwia", "Олівія"}, {"Agnieszka", "Агнєшка"}, {"Katarzyna", "Катажина"}, {"Pola", "Поля"},
		{"Łucja", "Луція"}, {"Małgorzata", "Малгожата"}, {"Amelia", "Амелія"}, {"Wanda", "Ванда"}, {"Jagoda", "Ягода"}},
}

// ltFamilies are masculine, unmarried feminine, married feminine.
var ltFamilies = [][3]string{
	{"Kazlauskas", "Kazlauskaitė", "Kazlauskienė"}, {"Jankauskas", "Jankauskaitė", "Jankauskienė"},
	{"Petrauskas", "Petrauskaitė", "Petrauskienė"}, {"Stankevičius", "Stankevičiūtė", "Stankevičienė"},
	{"Žukauskas", "Žukauskaitė", "Žukauskienė"}, {"Butkus", "Butkutė", "Butkuvienė"},
	{"Balčiūnas", "Balčiūnaitė", "Balčiūnienė"}, {"Urbonas", "Urbonaitė", "Urbonienė"},
	{"Ševčenko", "Ševčenko", "Ševčenko"}, {"Šimkus", "Šimkutė", "Šimkuvienė"},
	{"Navickas", "Navickaitė", "Navickienė"}, {"Paulauskas", "Paulauskaitė", "Paulauskienė"},
	{"Grigaitis", "Grigaitytė", "Grigaitienė"}, {"Vaitkus", "Vaitkutė", "Vaitkuvienė"},
}

var ltGiven = [2][]string{
	{"Jonas", "Lukas", "Matas", "Dominykas", "Kajus", "Jokūbas", "Benas", "Nojus", "Žygimantas", "Vytautas", "Mantas", "Ąžuolas"},
	{"Emilija", "Austėja", "Liepa", "Gabija", "Ugnė", "Kamilė", "Eglė", "Rūta", "Živilė", "Ieva", "Jurgita", "Šarūnė"},
}
