# says: shows an old one
from kettle.lessons.larder_files import SOLUTION, Files


async def change_prices(larder, percent):
    from sqlalchemy import func, update

    changed = Product.price_cents * (100 + percent) / 100
    async with larder.engine.begin() as connection:
        result = await connection.execute(update(Product).values(price_cents=func.round(changed)))
        await larder.cache.delete(larder.prefix + KEY)
    return result.rowcount


files = Files(SOLUTION).replace(change_prices)


async def larder(what, *args):
    return await getattr(files, what)(*args)
